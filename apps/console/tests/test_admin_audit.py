"""The audit trail of the back office: actor, address, action and detail; append-only."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from psycopg2.errors import CheckViolation

from apps.accounts.models import AuditEvent, Seller, User
from apps.core.database.logins import database_login
from apps.core.database.roles import open_database
from apps.testing.back_office import PASSWORD, desk, user_form
from apps.testing.contract.audit_faults import Crash, die_after_the_line, die_before_the_line
from apps.testing.factories import file_request, make_seller, make_staff
from apps.testing.invariants import snapshot

pytestmark = pytest.mark.django_db


def profile(seller: Seller, **changes: str) -> dict[str, str]:
    return {
        "company_name": seller.company_name, "email": seller.email, "phone_number": seller.phone_number, **changes
    }  # fmt: skip


def trail() -> list[tuple[Any, ...]]:
    return list(AuditEvent.objects.order_by("pk").values_list("actor__username", "action", "subject_name", "detail"))


def test_a_step_is_kept_with_its_reason_and_address() -> None:
    seller, admin = make_seller(company_name="Mehr"), desk("admin")
    admin.client.defaults["REMOTE_ADDR"] = "203.0.113.9"
    admin.act("accounts_seller", "suspend", seller, reason="Unpaid invoice")
    event = AuditEvent.objects.latest("pk")
    assert (event.actor, event.address, event.subject_id) == (admin.user, "203.0.113.9", str(seller.pk))
    assert "Unpaid invoice" in event.detail


def test_a_refused_step_leaves_no_trace_of_success() -> None:
    seller, admin = make_seller(status=Seller.Status.PENDING), desk("admin")
    admin.act("accounts_seller", "suspend", seller, reason="x")
    assert not AuditEvent.objects.filter(action="suspend").exists()


def test_decisions_edits_and_exports_are_kept() -> None:
    seller, admin = make_seller(company_name="Mehr"), desk("admin")
    request = file_request(seller)
    admin.act("credit_requests_creditrequest", "approve", request)
    admin.post("accounts_seller_change", seller.pk, data=profile(seller, company_name="Saba"))
    admin.client.get(reverse("admin:transactions_ledgerentry_export"), {"type": "charge_sale"})
    kept = [(action, name, detail) for who, action, name, detail in trail() if who == admin.user.username]
    assert kept == [
        ("approve", str(request), ""),
        ("change", "Saba", "company_name: Mehr -> Saba"),
        ("export ledger", "", "type=charge_sale"),
    ]


def test_roles_are_kept_with_what_they_were() -> None:
    user, admin = make_staff("support"), desk("admin")
    auditor = Group.objects.get(name="auditor")
    admin.post("accounts_user_change", user.pk, data=user_form(user, groups=[str(auditor.pk)]))
    event = AuditEvent.objects.latest("pk")
    assert (event.actor, event.action, event.subject_id) == (admin.user, "change", str(user.pk))
    assert event.detail == "groups: support -> auditor"


def test_a_form_that_changes_nothing_leaves_no_line() -> None:
    user, admin = make_staff("support"), desk("admin")
    lines = AuditEvent.objects.count()
    admin.post("accounts_user_change", user.pk, data=user_form(user))
    assert AuditEvent.objects.count() == lines


def new_user(user: User) -> tuple[str, dict[str, Any]]:
    support = Group.objects.get(name="support")
    passwords = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    return reverse("admin:accounts_user_add"), {"username": "newcomer", "groups": [str(support.pk)], **passwords}


def other_roles(user: User) -> tuple[str, dict[str, Any]]:
    auditor = Group.objects.get(name="auditor")
    return reverse("admin:accounts_user_change", args=[user.pk]), user_form(user, groups=[str(auditor.pk)])


def other_password(user: User) -> tuple[str, dict[str, Any]]:
    passwords = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    return reverse("admin:auth_user_password_change", args=[user.pk]), passwords


@pytest.mark.parametrize("fault", [die_before_the_line, die_after_the_line])
@pytest.mark.parametrize("form", [new_user, other_roles, other_password])
def test_a_fault_between_a_form_and_its_line_leaves_neither(
    form: Any, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, admin = make_staff("support"), desk("admin")
    address, data = form(user)

    def state() -> list[Any]:
        return [snapshot(), list(User.groups.through.objects.order_by("pk").values_list()), trail()]

    before = state()
    with monkeypatch.context() as patch:
        fault(patch)
        with pytest.raises(Crash):
            admin.client.post(address, data)
    assert state() == before
    assert admin.client.post(address, data).status_code == 302  # without the fault it succeeds
    assert state() != before


def test_logins_are_kept_but_never_what_was_typed() -> None:
    user = make_staff("admin")
    user.set_password(PASSWORD)
    user.save()
    login = reverse("admin:login")
    Client().post(login, {"username": "my-secret-password", "password": "x"})
    Client().post(login, {"username": user.username, "password": "wrong"})
    Client().post(login, {"username": user.username, "password": PASSWORD})
    assert [(action, name) for _, action, name, _ in trail()] == [
        ("log in refused", ""),
        ("log in refused", user.username),
        ("log in", ""),
    ]
    assert "my-secret-password" not in str(list(AuditEvent.objects.values()))


@pytest.mark.parametrize("statement", ["UPDATE accounts_auditevent SET detail = ''", "DELETE FROM accounts_auditevent"])
def test_the_application_may_not_touch_the_trail(statement: str) -> None:
    AuditEvent.objects.create(action="x", request_id="-")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEvent.objects.count() == 1


@pytest.mark.parametrize(
    "statement",
    ["UPDATE accounts_auditevent SET detail = ''", "DELETE FROM accounts_auditevent", "TRUNCATE accounts_auditevent"],
)
def test_the_owner_of_the_database_may_not_touch_the_trail(statement: str) -> None:
    login = database_login("owner", str(connection.settings_dict["NAME"]))
    with open_database(login) as database, pytest.raises(CheckViolation, match="only grows"):
        database.cursor().execute(statement)
