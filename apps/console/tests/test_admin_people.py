"""The pages of sellers and users."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from apps.accounts.models import Seller, Session, User
from apps.testing.back_office import PASSWORD, desk, user_form
from apps.testing.factories import make_seller, make_staff, owner_of

pytestmark = pytest.mark.django_db


def test_verify_suspend_and_reactivate_go_through_the_services() -> None:
    seller = make_seller(status=Seller.Status.PENDING)
    admin = desk("admin")
    for action, status in (("verify", "active"), ("suspend", "suspended"), ("reactivate", "active")):
        admin.act("accounts_seller", action, seller, reason="Because")
        seller.refresh_from_db()
        assert seller.status == status


def test_each_sellers_outcome_is_said() -> None:
    pending, active = (
        make_seller(status=Seller.Status.PENDING, company_name="Fine"),
        make_seller(company_name="Refused"),
    )
    admin = desk("admin")
    admin.act("accounts_seller", "verify", pending, active)
    said = admin.messages()
    assert any("Refused" in message and "cannot become" in message for message in said)
    assert any("done for Fine" in message for message in said)


def test_a_taken_email_is_said_in_the_form() -> None:
    seller, other = make_seller(), make_seller()
    data = {"company_name": "A", "email": other.email.upper(), "phone_number": ""}
    response = desk("admin").post("accounts_seller_change", seller.pk, data=data)
    assert response.status_code == 200
    seller.refresh_from_db()
    assert seller.email != other.email.upper()


@pytest.mark.parametrize("text", ["0912 345 6780", "۰۹۱۲۳۴۵۶۷۸۰", "091234567\u0668\u0660"])
def test_a_phone_number_is_kept_as_e164(text: str) -> None:
    seller = make_seller()
    data = {"company_name": "A", "email": seller.email, "phone_number": text}
    desk("admin").post("accounts_seller_change", seller.pk, data=data)
    seller.refresh_from_db()
    assert seller.phone_number == "+989123456780"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("0912 345 6789", {"Mehr", "Saba"}), ("۰۹۱۲۳۴۵۶۷۸۹", {"Mehr", "Saba"}), ("۶۷۸۹", {"Mehr", "Saba"}),
        ("۶۷۸۰", set()), ("saba", {"Saba"}), ("", {"Mehr", "Saba"}),
    ],
)  # fmt: skip
def test_sellers_are_found_by_phone_number_in_any_digits(words: str, found: set[str]) -> None:
    make_seller(company_name="Mehr")
    make_seller(company_name="Saba")
    response: Any = desk("support").get("accounts_seller_changelist", q=words)
    assert {seller.company_name for seller in response.context["cl"].result_list} == found


def test_deactivating_a_user_ends_its_sessions() -> None:
    owner = owner_of(make_seller())
    session = Session.objects.create(user=owner, refresh_jti="x", expires_at="2100-01-01T00:00:00Z")
    response = desk("admin").post("accounts_user_change", owner.pk, data=user_form(owner, is_active=None))
    assert response.status_code == 302
    owner.refresh_from_db()
    session.refresh_from_db()
    assert not owner.is_active
    assert session.revoked_at is not None


def test_a_staff_role_makes_a_user_staff() -> None:
    user = make_staff("support")
    approver = Group.objects.get(name="credit_approver")
    desk("admin").post("accounts_user_change", user.pk, data=user_form(user, groups=[str(approver.pk)]))
    user = User.objects.get(pk=user.pk)
    assert user.staff_roles == {"credit_approver"}
    desk("admin").post("accounts_user_change", user.pk, data=user_form(user, groups=[], is_active=None))
    user = User.objects.get(pk=user.pk)
    assert not user.is_staff


def test_a_user_is_not_staff_and_of_a_seller() -> None:
    user, seller = make_staff("support"), make_seller()
    data = user_form(user, seller=str(seller.pk), seller_role="owner")
    assert desk("admin").post("accounts_user_change", user.pk, data=data).status_code == 200
    user.refresh_from_db()
    assert user.seller_id is None


def test_an_admin_cannot_lock_itself_out() -> None:
    admin = desk("admin")
    response = admin.post("accounts_user_change", admin.user.pk, data=user_form(admin.user, groups=[]))
    assert response.status_code == 200
    assert User.objects.get(pk=admin.user.pk).staff_roles == {"admin"}


def test_a_form_cannot_make_a_superuser() -> None:
    user = make_staff("support")
    desk("admin").post("accounts_user_change", user.pk, data=user_form(user, is_superuser="on", user_permissions="1"))
    user.refresh_from_db()
    assert not user.is_superuser


def test_an_admin_adds_an_operator_of_a_seller() -> None:
    seller = make_seller()
    data = {
        "username": "newcomer",
        "email": "newcomer@example.com",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "seller": str(seller.pk),
        "seller_role": "operator",
    }
    response = desk("admin").post("accounts_user_add", data=data)
    assert response.status_code == 302
    user = User.objects.get(username="newcomer")
    assert (user.seller_id, user.seller_role, user.is_staff) == (seller.pk, "operator", False)
    assert user.check_password(PASSWORD)


def test_a_new_password_ends_the_sessions() -> None:
    user = make_staff("support")
    session = Session.objects.create(user=user, refresh_jti="x", expires_at="2100-01-01T00:00:00Z")
    admin = desk("admin")
    response = admin.client.post(
        reverse("admin:auth_user_password_change", args=[user.pk]),
        {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD},
    )
    assert response.status_code == 302
    session.refresh_from_db()
    assert session.revoked_at is not None


def test_a_user_who_could_not_log_in_anywhere_is_refused() -> None:
    support = make_staff("support")
    page = desk("admin").post("accounts_user_change", support.pk, data=user_form(support, groups=[]))
    assert "could not log in anywhere" in page.content.decode()
    assert support.groups.exists()


def test_each_staff_role_is_explained() -> None:
    page = desk("admin").get("accounts_user_add").content.decode()
    assert page.count("decides credit requests") == 1
    assert page.count("reads sellers, credit requests and the ledger") == 1
