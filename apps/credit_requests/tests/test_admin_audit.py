"""The trail of the back office: who did what, to what, from where; nobody edits it."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from psycopg2.errors import CheckViolation

from apps.accounts.models import AuditEvent, Seller
from apps.core.database_logins import database_login
from apps.core.database_roles import open_database
from apps.credit_requests.tests.back_office import PASSWORD, desk, make_request, make_seller, make_staff

pytestmark = pytest.mark.django_db


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
    seller, admin = make_seller(Seller.Status.PENDING), desk("admin")
    admin.act("accounts_seller", "suspend", seller, reason="x")
    assert not AuditEvent.objects.filter(action="change").exists()


def test_decisions_edits_and_exports_are_kept() -> None:
    seller, admin = make_seller(company_name="Mehr"), desk("admin")
    request = make_request(seller)
    admin.act("credit_requests_creditrequest", "approve", request)
    admin.post("accounts_seller_change", seller.pk, data={"company_name": "Saba", "email": seller.email})
    admin.client.get(reverse("admin:transactions_ledgerentry_export"), {"type__exact": "charge_sale"})
    kept = [(action, detail) for _, action, _, detail in trail() if action != "log in"]
    assert kept[0][0] == "change"
    assert "Company name" in kept[1][1]
    assert kept[2] == ("export ledger", "type__exact=charge_sale")


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
def test_nor_may_its_owner(statement: str) -> None:
    login = database_login("owner", str(connection.settings_dict["NAME"]))
    with open_database(login) as database, pytest.raises(CheckViolation, match="only grows"):
        database.cursor().execute(statement)
