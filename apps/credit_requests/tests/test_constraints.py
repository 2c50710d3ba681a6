"""What PostgreSQL itself refuses about credit requests, whoever asks."""

from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Seller
from apps.core.values.ids import uuid7
from apps.credit_requests.models import CreditRequest
from apps.credit_requests.services import cancel_credit_request
from apps.testing.constraints import columns_of, database_as, insert_row, not_permitted, refused_by
from apps.testing.factories import NEVER, add_credit, file_request, make_seller, owner_of

pytestmark = pytest.mark.django_db(transaction=True)

PROCESSED: dict[str, Any] = {"processed_by_id": "somebody", "processed_at": timezone.now()}


@pytest.fixture
def filed() -> CreditRequest:
    """A pending request for 10.00, with the key `k`."""
    return file_request(make_seller(), "10.00", key="k")


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"amount": 0}, "credit_request_amount_positive"),
        ({"amount": -1}, "credit_request_amount_positive"),
        ({"status": "open"}, "credit_request_status_consistent"),
        ({"processed_by_id": "somebody"}, "credit_request_status_consistent"),
        ({"processed_at": timezone.now()}, "credit_request_status_consistent"),
        ({"status": "approved", **PROCESSED}, "credit_request_status_consistent"),
        ({"status": "cancelled"}, "credit_request_status_consistent"),
        ({"status": "cancelled", "processed_by_id": "somebody"}, "credit_request_status_consistent"),
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
    ids=str,
)
def test_a_request_that_contradicts_itself_is_refused(
    filed: CreditRequest, changes: dict[str, Any], constraint: str
) -> None:
    row = columns_of(filed, id=uuid7(), idempotency_key="") | changes
    if row["processed_by_id"] == "somebody":
        row["processed_by_id"] = owner_of(filed.seller).pk

    with refused_by(constraint), database_as("app") as cursor:
        insert_row(cursor, CreditRequest, row)


def test_two_requests_cannot_share_an_entry(filed: CreditRequest) -> None:
    entry = add_credit(filed.seller, "10.00")
    approved = CreditRequest.objects.get(entry=entry)

    with refused_by("credit_requests_creditrequest_entry_id"), database_as("app") as cursor:
        insert_row(cursor, CreditRequest, columns_of(approved, id=uuid7()))


def test_a_request_cannot_claim_the_entry_of_another_amount_or_seller(filed: CreditRequest) -> None:
    for seller, amount in ((filed.seller, "9.00"), (make_seller(), "10.00")):
        entry = add_credit(seller, amount)
        with database_as("superuser", triggers=False) as cursor:
            cursor.execute("DELETE FROM credit_requests_creditrequest WHERE entry_id = %s", [entry.pk])
        with refused_by("approved_request_has_entry"), database_as("app") as cursor:
            cursor.execute(
                "UPDATE credit_requests_creditrequest "
                "SET status = 'approved', processed_by_id = requested_by_id, processed_at = now(), entry_id = %s "
                "WHERE id = %s",
                [entry.pk, filed.pk],
            )


@pytest.mark.parametrize("role", ["app", "owner"])
@pytest.mark.parametrize("change", ["status = 'pending', processed_by_id = NULL, processed_at = NULL", "note = 'x'"])
def test_a_decision_is_final(filed: CreditRequest, role: str, change: str) -> None:
    cancel_credit_request(credit_request_id=filed.pk, cancelled_by=owner_of(filed.seller))

    with refused_by("credit_request_decision_is_final"), database_as(role) as cursor:
        cursor.execute(f"UPDATE credit_requests_creditrequest SET {change} WHERE id = %s", [filed.pk])


@pytest.mark.parametrize("change", ["amount = 99", "idempotency_key = 'other'", "requested_at = now()"])
def test_what_is_asked_for_cannot_change(filed: CreditRequest, change: str) -> None:
    with refused_by("credit_request_terms_are_fixed"), database_as("app") as cursor:
        cursor.execute(f"UPDATE credit_requests_creditrequest SET {change} WHERE id = %s", [filed.pk])


def test_the_application_cannot_delete_a_request(filed: CreditRequest) -> None:
    for statement in ("DELETE FROM credit_requests_creditrequest", "TRUNCATE credit_requests_creditrequest CASCADE"):
        with not_permitted(), database_as("app") as cursor:
            cursor.execute(statement)


def test_a_key_of_another_seller_is_another_key(filed: CreditRequest) -> None:
    other: Seller = make_seller()

    file_request(other, "10.00", key="k")

    assert CreditRequest.objects.filter(idempotency_key="k").count() == 2
