"""Refusals of PostgreSQL about credit requests, each by the name of its constraint or trigger."""

from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Seller
from apps.core.values.ids import uuid7
from apps.credit_requests.models import CreditRequest
from apps.credit_requests.services import cancel_credit_request, reject_credit_request
from apps.testing.constraints import columns_of, database_as, insert_row, not_permitted, refused_by
from apps.testing.factories import NEVER, add_credit, file_request, make_seller, make_staff, owner_of, sell
from apps.transactions.models import LedgerEntry

pytestmark = pytest.mark.django_db(transaction=True)

TABLE = "credit_requests_creditrequest"
PROCESSED: dict[str, Any] = {"processed_by_id": "the owner", "processed_at": timezone.now()}
DECISION = "processed_by_id = requested_by_id, processed_at = now()"


@pytest.fixture
def filed() -> CreditRequest:
    """A pending request for 10.00, with the key `k`, of a seller without money."""
    return file_request(make_seller(), "10.00", key="k")


def decided(seller: Seller, status: str) -> CreditRequest:
    """Return a request that was decided."""
    if status == "approved":
        return CreditRequest.objects.get(entry=add_credit(seller, "10.00"))
    pending = file_request(seller, "10.00")
    if status == "rejected":
        return reject_credit_request(credit_request_id=pending.pk, rejected_by=make_staff("admin"), reason="no")
    return cancel_credit_request(credit_request_id=pending.pk, cancelled_by=owner_of(seller))


def change(credit_request: CreditRequest, changes: str, *values: object, role: str = "owner") -> None:
    with database_as(role) as cursor:
        cursor.execute(f"UPDATE {TABLE} SET {changes} WHERE id = %s", [*values, credit_request.pk])


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"amount": 0}, "credit_request_amount_positive"),
        ({"amount": -1}, "credit_request_amount_positive"),
        ({"status": "open"}, "credit_request_status_consistent"),
        ({"processed_by_id": "the owner"}, "credit_request_status_consistent"),
        ({"processed_at": timezone.now()}, "credit_request_status_consistent"),
        ({"status": "approved", **PROCESSED}, "credit_request_status_consistent"),
        ({"status": "cancelled"}, "credit_request_status_consistent"),
        ({"status": "cancelled", "processed_by_id": "the owner"}, "credit_request_status_consistent"),
        ({"status": "rejected", "rejection_reason": "no"}, "credit_request_status_consistent"),
        ({"status": "rejected", **PROCESSED}, "credit_request_rejection_has_reason"),
        ({"status": "cancelled", "rejection_reason": "no", **PROCESSED}, "credit_request_rejection_has_reason"),
        ({"rejection_reason": "no"}, "credit_request_rejection_has_reason"),
        ({"idempotency_key": "k"}, "credit_request_key_unique"),
        ({"seller_id": NEVER}, "credit_requests_cred"),
        ({"requested_by_id": NEVER}, "credit_requests_cred"),
        ({"entry_id": NEVER}, "credit_request_status_consistent"),
        ({"status": "approved", "entry_id": NEVER, **PROCESSED}, "credit_requests_cred"),
    ],
)
def test_a_request_that_contradicts_itself_is_refused(
    filed: CreditRequest, changes: dict[str, Any], constraint: str
) -> None:
    row = columns_of(filed, id=uuid7(), idempotency_key="") | changes
    if row["processed_by_id"] == "the owner":
        row["processed_by_id"] = owner_of(filed.seller).pk

    with refused_by(constraint), database_as("app") as cursor:
        insert_row(cursor, CreditRequest, row)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        (f"status = 'approved', {DECISION}", "credit_request_status_consistent"),
        ("status = 'rejected', rejection_reason = 'no'", "credit_request_status_consistent"),
        ("status = 'cancelled'", "credit_request_status_consistent"),
        ("status = 'lost'", "credit_request_status_consistent"),
        ("processed_at = now()", "credit_request_status_consistent"),
        ("processed_by_id = requested_by_id", "credit_request_status_consistent"),
        (f"status = 'rejected', {DECISION}", "credit_request_rejection_has_reason"),
        ("rejection_reason = 'no'", "credit_request_rejection_has_reason"),
    ],
)
def test_a_decision_is_whole_or_none(filed: CreditRequest, changes: str, constraint: str) -> None:
    with refused_by(constraint):
        change(filed, changes)


@pytest.mark.parametrize("status", ["approved", "rejected", "cancelled"])
@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE {TABLE} SET status = 'pending', processed_by_id = NULL, processed_at = NULL, entry_id = NULL, "
        "rejection_reason = ''",
        f"UPDATE {TABLE} SET processed_at = now()",
        f"UPDATE {TABLE} SET note = 'other'",
    ],
)
@pytest.mark.parametrize("role", ["app", "owner"])
def test_a_decision_is_final(role: str, status: str, statement: str) -> None:
    decided(make_seller(), status)

    with refused_by("credit_request_decision_is_final"), database_as(role) as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("status", ["approved", "rejected", "cancelled"])
def test_a_decided_request_stays(status: str) -> None:
    decided(make_seller(), status)

    with refused_by("credit_request_decision_is_final"), database_as("owner") as cursor:
        cursor.execute(f"DELETE FROM {TABLE}")


@pytest.mark.parametrize(
    "changes",
    ["amount = 99", "note = 'other'", "requested_at = now()", "idempotency_key = 'other'", f"id = '{NEVER}'"],
)
@pytest.mark.parametrize("role", ["app", "owner"])
def test_the_terms_of_a_request_stay(filed: CreditRequest, role: str, changes: str) -> None:
    with refused_by("credit_request_terms_are_fixed"):
        change(filed, changes, role=role)


def test_requests_are_not_emptied(filed: CreditRequest) -> None:
    with (
        refused_by("credit_requests_stay", "ledger_stays", "deliver", "attempts_are"),
        database_as("owner") as cursor,
    ):
        cursor.execute(f"TRUNCATE {TABLE}, transactions_ledgerentry, delivery_delivery, delivery_attempt")


def test_the_application_cannot_delete_a_request(filed: CreditRequest) -> None:
    for statement in (f"DELETE FROM {TABLE}", f"TRUNCATE {TABLE} CASCADE"):
        with not_permitted(), database_as("app") as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize(
    ("sequence", "constraint"),
    [(1, f"{TABLE}_entry_id_key"), (2, "approved_request_has_entry")],
    ids=["another request's", "a sale"],
)
def test_an_approval_needs_its_own_entry(filed: CreditRequest, sequence: int, constraint: str) -> None:
    add_credit(filed.seller, "10.00")
    sell(filed.seller, "10.00")
    entry = LedgerEntry.objects.get(seller=filed.seller, sequence=sequence)

    with refused_by(constraint):
        change(filed, f"status = 'approved', {DECISION}, entry_id = %s", entry.pk)


def test_an_approval_needs_an_entry_of_its_amount_and_seller(filed: CreditRequest) -> None:
    for seller, amount in ((filed.seller, "9.00"), (make_seller(), "10.00")):
        entry = add_credit(seller, amount)
        with database_as("superuser", triggers=False) as cursor:
            cursor.execute(f"DELETE FROM {TABLE} WHERE entry_id = %s", [entry.pk])
        with refused_by("approved_request_has_entry"):
            change(filed, f"status = 'approved', {DECISION}, entry_id = %s", entry.pk, role="app")


def test_a_key_of_another_seller_is_another_key(filed: CreditRequest) -> None:
    file_request(make_seller(), "10.00", key="k")

    assert CreditRequest.objects.filter(idempotency_key="k").count() == 2
