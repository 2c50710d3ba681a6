"""What the script makes of books and of single answers: each way to be wrong is found."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from functional_tests.performance.accounting import Books, Entry, audit
from functional_tests.performance.client import Session
from functional_tests.performance.errors import UnexpectedAnswer
from functional_tests.performance.onboarding import Credit, Seller, approval_problem
from functional_tests.performance.plan import Sale
from functional_tests.performance.transport import Answer
from functional_tests.performance.worker import SaleRecord, charge_problem

SELLER = Seller("s", Session("", "shop", ""), Decimal("0.00"), (Credit("c", Decimal("10.00")),))
SALE = SaleRecord(0, "k", Decimal("4.00"), started=1.0, latency=0.5, attempts=1, replayed=False)


def entry(kind: str, sequence: int, amount: str, before: str, after: str, **members: str) -> Entry:
    names = {"idempotency_key": None, "credit_request": None, **members}
    return Entry(kind, sequence, Decimal(amount), Decimal(before), Decimal(after), **names)


def books() -> Books:
    """Return books that agree with SELLER and SALE."""
    entries = (
        entry("credit_increase", 1, "10.00", "0.00", "10.00", credit_request="c"),
        entry("charge_sale", 2, "4.00", "10.00", "6.00", idempotency_key="k"),
    )
    verdict = {
        "is_reconciled": True,
        "current_balance": "6.00",
        "calculated_balance": "6.00",
        "difference": "0.00",
        "total_transactions": 2,
        "last_sequence": 2,
    }
    return Books(Decimal("6.00"), 2, entries, verdict)


def test_agreeing_books_have_no_difference() -> None:
    statement = audit(SELLER, [SALE], books())
    assert statement.differences == ()
    assert statement.expected_balance == Decimal("6.00")


def test_a_debit_missing_from_wallet_and_ledger_alike_is_found() -> None:
    good = books()
    verdict = {
        **good.reconciliation,
        "current_balance": "10.00",
        "calculated_balance": "10.00",
        "total_transactions": 1,
        "last_sequence": 1,
    }
    statement = audit(SELLER, [SALE], Books(Decimal("10.00"), 1, good.entries[:1], verdict))
    assert "balance is 10.00, expected 6.00" in statement.differences
    assert any("acknowledged but not in the ledger: k (4.00)" in line for line in statement.differences)


def test_a_broken_chain_and_a_foreign_entry_are_found() -> None:
    good = books()
    entries = (good.entries[0], replace(good.entries[1], balance_before=Decimal("9.00")))
    differences = audit(SELLER, [SALE], replace(good, entries=entries)).differences
    assert differences == ("entry 2 does not follow from the entry before it",)
    entries = (good.entries[0], replace(good.entries[1], type="reversal"))
    differences = audit(SELLER, [SALE], replace(good, entries=entries)).differences
    assert "the ledger has entries that nobody asked for: reversal" in differences


@pytest.mark.parametrize(
    ("wrong", "difference"),
    [
        ({"balance": Decimal("5.00")}, "balance is 5.00, expected 6.00"),
        ({"sequence": 3}, "the wallet is at sequence 3, the ledger has 2 entries"),
        ({"entries": books().entries[1:]}, "ledger entries add up to -4.00, expected 6.00"),
        ({"entries": books().entries * 2}, "the ledger has 2 charges, 1 distinct keys were acknowledged"),
        ({"entries": books().entries * 2}, "2 credit entries do not match 1 approved requests one to one"),
    ],
)
def test_each_difference_is_named(wrong: dict[str, Any], difference: str) -> None:
    assert difference in audit(SELLER, [SALE], replace(books(), **wrong)).differences


PLANNED = Sale(0, "k", Decimal("4.00"), "09120000000", "+989120000000", replay=False)
ENTRY = {
    "type": "charge_sale",
    "seller": "s",
    "amount": "4.00",
    "phone_number": "+989120000000",
    "idempotency_key": "k",
    "balance_before": "10.00",
    "balance_after": "6.00",
}


def answer(document: object, status: int = 200, attempts: int = 1) -> Answer:
    return Answer(status, {}, json.dumps(document).encode(), attempts)


def test_a_right_charge_has_no_problem() -> None:
    assert charge_problem(answer(ENTRY), PLANNED, "s") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "credit_increase"},
        {"seller": "another"},
        {"amount": "4.0"},
        {"phone_number": "09120000000"},
        {"idempotency_key": None},
        {"balance_after": "6.01"},
        {"balance_before": "3.00", "balance_after": "-1.00"},
        {"balance_before": None},
    ],
)
def test_a_wrong_member_of_a_charge_is_a_problem(wrong: dict[str, Any]) -> None:
    assert charge_problem(answer({**ENTRY, **wrong}), PLANNED, "s")


APPROVED = answer({"status": "approved", "transaction": "t"})
REFUSED = answer({"code": "credit_request_already_processed"}, 409)


def test_one_success_among_simultaneous_approvals_is_right() -> None:
    assert approval_problem([APPROVED]) is None
    assert approval_problem([REFUSED, APPROVED]) is None
    # The first attempt succeeded, but its answer was lost on the way.
    assert approval_problem([replace(REFUSED, attempts=2), REFUSED]) is None


@pytest.mark.parametrize(
    "answers",
    [
        [APPROVED, APPROVED],
        [REFUSED, REFUSED],
        [APPROVED, answer({"code": "conflict"}, 409)],
        [answer({"status": "pending", "transaction": "t"})],
        [answer({"status": "approved", "transaction": None})],
    ],
)
def test_anything_else_among_approvals_is_a_problem(answers: list[Answer]) -> None:
    assert approval_problem(answers)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]"])
def test_a_body_that_is_no_object_is_unexpected(body: bytes) -> None:
    with pytest.raises(UnexpectedAnswer, match=r"200 \(request id none\): the body is not a JSON object"):
        Answer(200, {}, body).json()
