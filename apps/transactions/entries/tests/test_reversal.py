"""POST transactions/{id}/reverse/: undoing an entry, once."""

from typing import Any

import pytest

from apps.accounts.models import Seller
from apps.testing.api import Answer, Caller, assert_invalid, assert_problem
from apps.testing.factories import NEVER, add_credit, make_seller, reverse, sell
from apps.testing.invariants import assert_ledger_consistent, nothing_changes
from apps.transactions.models import LedgerEntry, Wallet


def _reverse(admin: Caller, entry_id: object, body: object = None) -> Answer:
    return admin.post(f"transactions/{entry_id}/reverse/", {"reason": "wrong number"} if body is None else body)


def test_reversing_a_sale_puts_the_money_back(admin: Caller, seller: Seller) -> None:
    sale = sell(seller, "40.00", key="k")

    answer = _reverse(admin, sale.pk)

    assert answer.status == 201
    body = answer.body
    assert {name: body[name] for name in body.keys() - {"id", "created_at", "created_by"}} == {
        "type": "reversal",
        "seller": str(seller.pk),
        "sequence": 3,
        "amount": "40.00",
        "balance_before": "60.00",
        "balance_after": "100.00",
        "phone_number": None,
        "debit_account": "platform:charge_sales",
        "credit_account": f"wallet:{seller.pk}",
        "idempotency_key": None,
        "credit_request": None,
        "reverses": str(sale.pk),
        "reversed_by": None,
        "description": "wrong number",
        "delivery": None,
    }
    assert admin.get("auth/me/").body["id"] == body["created_by"]
    assert admin.get(f"transactions/{sale.pk}/").body["reversed_by"] == body["id"]
    assert_ledger_consistent()


def test_reversing_a_credit_takes_the_money_away(admin: Caller, seller: Seller) -> None:
    credit = add_credit(seller, "30.00")

    body = _reverse(admin, credit.pk).body

    assert (body["balance_before"], body["balance_after"]) == ("130.00", "100.00")
    assert (body["debit_account"], body["credit_account"]) == (f"wallet:{seller.pk}", "platform:funding")
    assert_ledger_consistent()


def test_a_second_reversal_is_refused(admin: Caller, seller: Seller) -> None:
    sale = sell(seller)
    _reverse(admin, sale.pk)

    with nothing_changes():
        answer = _reverse(admin, sale.pk)

    assert_problem(answer, 409, "already_reversed")


def test_a_reversal_cannot_be_reversed(admin: Caller, seller: Seller) -> None:
    reversal = reverse(sell(seller))

    with nothing_changes():
        answer = _reverse(admin, reversal.pk)

    assert_problem(answer, 409, "not_reversible")


def test_a_credit_that_was_spent_cannot_be_reversed(admin: Caller) -> None:
    seller = make_seller()
    credit = add_credit(seller, "10.00")
    sell(seller, "0.01")

    with nothing_changes():
        answer = _reverse(admin, credit.pk)

    assert_problem(
        answer,
        409,
        "insufficient_balance",
        available_balance="9.99",
        required_amount="10.00",
        shortage="0.01",
    )


def test_an_unknown_entry_is_not_found(admin: Caller, seller: Seller) -> None:
    with nothing_changes():
        answer = _reverse(admin, NEVER)

    assert_problem(answer, 404, "not_found")


@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": None}, {"reason": "x" * 501}], ids=str
)
def test_a_reversal_needs_a_reason(admin: Caller, seller: Seller, body: dict[str, Any]) -> None:
    sale = sell(seller)

    with nothing_changes():
        answer = _reverse(admin, sale.pk, body)

    assert_invalid(answer, "reason")


def test_a_suspended_seller_gets_its_money_back_too(admin: Caller, seller: Seller) -> None:
    sale = sell(seller, "40.00")
    Seller.objects.filter(pk=seller.pk).update(status="suspended")

    assert _reverse(admin, sale.pk).status == 201
    assert Wallet.objects.get(pk=seller.pk).balance == 100


def test_a_reversed_credit_request_stays_approved(admin: Caller, seller: Seller) -> None:
    credit = add_credit(seller, "30.00")
    request_path = f"credit-requests/{credit.credit_request_id}/"
    before = admin.get(request_path).body

    _reverse(admin, credit.pk)

    assert admin.get(request_path).body == before
    assert LedgerEntry.objects.filter(reverses=credit).count() == 1
