"""One admin cannot make, or become, the second person."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.models import Proposal, User
from apps.testing.back_office import PASSWORD, Desk, desk, user_form
from apps.testing.factories import make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _four_eyes(settings: Settings) -> None:
    settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT = Decimal("1000.00")


def groups(*names: str) -> list[str]:
    return [str(group.pk) for group in Group.objects.filter(name__in=names)]


def set_password(admin: Desk, user: User) -> Any:
    address = reverse("admin:auth_user_password_change", args=[user.pk])
    return admin.client.post(address, {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD})


def roles_of(user: User) -> frozenset[str]:
    return User.objects.get(pk=user.pk).staff_roles


@pytest.mark.parametrize("role", ["admin", "credit_approver", "superuser"])
def test_no_admin_sets_the_password_of_one_who_approves(role: str, settings: Settings) -> None:
    settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT = None  # whether or not four eyes are on
    user = make_staff(superuser=True) if role == "superuser" else make_staff(role)
    before, admin = User.objects.get(pk=user.pk).password, desk(superuser=True)
    set_password(admin, user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    set_password(admin, user)
    assert User.objects.get(pk=user.pk).password == before
    assert any("Only they themselves" in message for message in admin.messages())
    set_password(admin, admin.user)  # its own, without knowing the present one
    assert not User.objects.get(pk=admin.user.pk).check_password(PASSWORD)


def test_the_password_of_others_is_still_set() -> None:
    user = make_staff("support")
    set_password(desk("admin"), user)
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


@pytest.mark.parametrize("role", ["admin", "credit_approver"])
def test_a_role_that_approves_is_given_by_two(role: str) -> None:
    user, first, second = make_staff("support"), desk("admin"), desk("admin")
    form = user_form(user, groups=groups("support", role), first_name="Mina")
    first.post("accounts_user_change", user.pk, data=form)
    assert roles_of(user) == {"support"}
    assert User.objects.get(pk=user.pk).first_name == "Mina"
    assert any("another user must take the same step" in message for message in first.messages())
    first.post("accounts_user_change", user.pk, data=form)
    assert roles_of(user) == {"support"}
    assert Proposal.objects.get().confirmed_at is None
    second.post("accounts_user_change", user.pk, data=form)
    assert roles_of(user) == {"support", role}


def test_a_new_user_waits_for_its_role() -> None:
    form = {
        "username": "puppet", "email": "", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD,
        "groups": groups("credit_approver"),
    }  # fmt: skip
    first, second = desk("admin"), desk("admin")
    assert first.post("accounts_user_add", data=form).status_code == 302
    puppet = User.objects.get(username="puppet")
    assert (roles_of(puppet), puppet.is_staff) == (frozenset(), False)
    second.post("accounts_user_change", puppet.pk, data=user_form(puppet, groups=groups("credit_approver")))
    assert roles_of(puppet) == {"credit_approver"}


def test_one_who_was_deactivated_comes_back_by_two() -> None:
    user, first, second = make_staff("credit_approver"), desk("admin"), desk("admin")
    User.objects.filter(pk=user.pk).update(is_active=False)
    form = user_form(user)
    first.post("accounts_user_change", user.pk, data=form)
    assert not User.objects.get(pk=user.pk).is_active
    assert User.objects.get(pk=user.pk).groups.count() == 1
    second.post("accounts_user_change", user.pk, data=form)
    assert User.objects.get(pk=user.pk).is_active


def test_a_role_is_taken_away_by_one() -> None:
    user = make_staff("credit_approver", "support")
    desk("admin").post("accounts_user_change", user.pk, data=user_form(user, groups=groups("support")))
    assert roles_of(user) == {"support"}
    assert not Proposal.objects.exists()


def test_without_four_eyes_one_gives_roles(settings: Settings) -> None:
    settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT = None
    user = make_staff("support")
    desk("admin").post("accounts_user_change", user.pk, data=user_form(user, groups=groups("credit_approver")))
    assert roles_of(user) == {"credit_approver"}
