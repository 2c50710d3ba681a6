"""What PostgreSQL refuses to the owner of the tables about credit requests; each refusal by its name."""

import pytest

from apps.accounts.models import Seller
from apps.credit_requests.models import CreditRequest
from apps.credit_requests.services import cancel_credit_request, reject_credit_request
from apps.testing.factories import add_credit, file_request, make_seller, make_staff, owner_of, sell
from apps.transactions.models import LedgerEntry
from apps.transactions.tests.test_database_refusals import Statement, refusal, run

pytestmark = pytest.mark.django_db(transaction=True)

TABLE = "credit_requests_creditrequest"
DECISION = "processed_by_id = requested_by_id, processed_at = now()"


@pytest.fixture
def seller() -> Seller:
    """A seller without money."""
    return make_seller()


def decided(seller: Seller, status: str) -> CreditRequest:
    """Return a request that was decided."""
    if status == "approved":
        return CreditRequest.objects.get(entry=add_credit(seller, "10.00"))
    filed = file_request(seller, "10.00")
    if status == "rejected":
        return reject_credit_request(credit_request_id=filed.pk, rejected_by=make_staff("admin"), reason="no")
    return cancel_credit_request(credit_request_id=filed.pk, cancelled_by=owner_of(seller))


@pytest.mark.parametrize("status", ["approved", "rejected", "cancelled"])
@pytest.mark.parametrize(
    "sql",
    [
        f"UPDATE {TABLE} SET status = 'pending', processed_by_id = NULL, processed_at = NULL, entry_id = NULL, "
        "rejection_reason = ''",
        f"UPDATE {TABLE} SET processed_at = now()",
        f"UPDATE {TABLE} SET note = 'other'",
        f"DELETE FROM {TABLE}",
    ],
)
def test_a_decided_request_stays_as_it_is(seller: Seller, status: str, sql: str) -> None:
    decided(seller, status)
    assert refusal((sql, {})) == "credit_request_decision_is_final"


def test_requests_are_not_emptied(seller: Seller) -> None:
    file_request(seller)
    assert refusal((f"TRUNCATE {TABLE}, transactions_ledgerentry", {})) in (
        "credit_requests_stay", "ledger_is_append_only",
    )  # fmt: skip


@pytest.mark.parametrize(
    "change", ["amount = 11", "requested_at = now()", "idempotency_key = 'k'", "id = gen_random_uuid()"]
)
def test_what_a_request_asks_for_stays(seller: Seller, change: str) -> None:
    file_request(seller)
    assert refusal((f"UPDATE {TABLE} SET {change}", {})) == "credit_request_terms_are_fixed"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (f"status = 'approved', {DECISION}", "credit_request_status_consistent"),
        ("status = 'rejected', rejection_reason = 'no'", "credit_request_status_consistent"),
        ("status = 'cancelled'", "credit_request_status_consistent"),
        ("status = 'lost'", "credit_request_status_consistent"),
        ("processed_at = now()", "credit_request_status_consistent"),
        ("processed_by_id = requested_by_id", "credit_request_status_consistent"),
        (f"status = 'rejected', {DECISION}", "credit_request_rejection_has_reason"),
        ("rejection_reason = 'no'", "credit_request_rejection_has_reason"),
        ("note = 'other'", None),
    ],
)
def test_a_decision_is_whole_or_none(seller: Seller, change: str, name: str | None) -> None:
    file_request(seller)
    statement: Statement = (f"UPDATE {TABLE} SET {change}", {})
    if name is None:
        run(statement)
    else:
        assert refusal(statement) == name


@pytest.mark.parametrize(
    ("sequence", "name"),
    [(1, "credit_requests_creditrequest_entry_id_key"), (2, "approved_request_has_entry")],
    ids=["another request's", "a sale"],
)
def test_an_approval_needs_its_own_entry(seller: Seller, sequence: int, name: str) -> None:
    add_credit(seller, "10.00")
    sell(seller, "10.00")
    filed = file_request(seller, "10.00")
    entry = LedgerEntry.objects.get(seller=seller, sequence=sequence)
    sql = f"UPDATE {TABLE} SET status = 'approved', {DECISION}, entry_id = %(entry)s WHERE id = %(id)s"
    assert refusal((sql, {"entry": entry.pk, "id": filed.pk})) == name
