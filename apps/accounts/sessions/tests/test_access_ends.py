"""Every way to end access acts at once: the next request with an unexpired token is refused."""

from collections.abc import Callable
from io import StringIO
from unittest.mock import patch

import pytest
from django.core.management import call_command
from django.test import Client

from apps.accounts.models import Seller, Session, User
from apps.accounts.roles import SellerRole
from apps.accounts.sellers.services import change_password
from apps.accounts.sessions.services import revoke_sessions
from apps.testing.api import Caller, assert_problem
from apps.testing.factories import log_in, make_staff, make_user, owner_of
from apps.testing.invariants import nothing_changes

NEW_PASSWORD = "another long one, and odd"

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(seller: Seller) -> User:
    """An operator with a password."""
    made = make_user(seller, SellerRole.OPERATOR)
    made.set_password("long enough, and odd")
    made.save()
    return made


def _by_the_service(user: User) -> None:
    change_password(user=user, password=NEW_PASSWORD)


def _by_its_owner(user: User) -> None:
    assert user.seller is not None
    path = f"sellers/me/users/{user.pk}/"
    assert log_in(owner_of(user.seller)).patch(path, {"password": NEW_PASSWORD}).status == 200


def _by_an_admin(user: User) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", "x"))
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert client.post(f"/admin/accounts/user/{user.pk}/password/", form).status_code == 302


def _by_a_command(user: User) -> None:
    with patch("getpass.getpass", return_value=NEW_PASSWORD):
        call_command("changepassword", user.username, stdout=StringIO())


def _in_a_shell(user: User) -> None:
    user.set_password(NEW_PASSWORD)
    user.save()


def _deactivated_by_its_owner(user: User) -> None:
    assert user.seller is not None
    assert log_in(owner_of(user.seller)).send("DELETE", f"sellers/me/users/{user.pk}/").status == 204


def _deactivated_in_a_shell(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def _all_sessions_ended(user: User) -> None:
    revoke_sessions(user)


ENDS = [
    _by_the_service, _by_its_owner, _by_an_admin, _by_a_command, _in_a_shell,
    _deactivated_by_its_owner, _deactivated_in_a_shell, _all_sessions_ended,
]  # fmt: skip


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__.strip("_"))
def test_no_token_of_the_user_is_good_on_the_very_next_request(user: User, end: Callable[[User], None]) -> None:
    caller = log_in(user)
    assert caller.charge("0.01").status == 201

    end(User.objects.get(pk=user.pk))

    with nothing_changes():
        for answer in (
            caller.charge("0.01"),
            caller.post("charges/bulk/", {"charges": [{"phone_number": "+989123456789", "amount": "0.01"}]}),
            caller.get("auth/me/"),
            caller.get("sellers/me/balance/"),
            Caller().post("auth/refresh/", {"refresh": caller.refresh}),
        ):
            assert_problem(answer, 401, "invalid_token")


def test_a_password_that_is_only_hashed_anew_ends_nothing(user: User) -> None:
    """Django does so by itself when it hears the right password, so that hashes keep up with time."""
    caller = log_in(user)

    with patch("django.contrib.auth.hashers.MD5PasswordHasher.must_update", return_value=True):
        body = {"username": user.username, "password": "long enough, and odd"}
        assert Caller().post("auth/seller/login/", body).status == 200

    assert caller.get("auth/me/").status == 200
    assert Session.objects.filter(user=user, revoked_at=None).count() == 2


@pytest.fixture
def staff() -> User:
    """An admin with a password."""
    made = make_staff("admin")
    made.set_password("long enough, and odd")
    made.save()
    return made


STAFF_ENDS = [_by_the_service, _by_a_command, _in_a_shell, _deactivated_in_a_shell]


@pytest.mark.parametrize("end", STAFF_ENDS, ids=lambda end: end.__name__.strip("_"))
def test_the_back_office_is_closed_on_the_very_next_request(staff: User, end: Callable[[User], None]) -> None:
    browser = Client()
    browser.force_login(staff)
    assert browser.get("/admin/accounts/seller/").status_code == 200

    end(User.objects.get(pk=staff.pk))

    answer = browser.get("/admin/accounts/seller/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/admin/login/")


def test_a_role_that_is_taken_away_is_gone_on_the_very_next_request(staff: User) -> None:
    browser, caller = Client(), log_in(staff)
    browser.force_login(staff)
    assert browser.get("/admin/accounts/user/").status_code == caller.get("sellers/").status == 200

    staff.groups.clear()

    assert browser.get("/admin/accounts/user/").status_code in (302, 403)
    assert caller.get("sellers/").status == 403
