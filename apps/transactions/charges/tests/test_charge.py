"""POST charges/: what a sale answers, and every refusal that is not about keys or daily limits."""

import pytest

from apps.accounts.models import Seller
from apps.accounts.roles import SellerRole
from apps.testing.api import PHONE, TIME, UUID7, Caller, assert_problem
from apps.testing.factories import log_in, make_seller, make_user, owner_of
from apps.testing.invariants import assert_ledger_consistent, nothing_changes
from apps.transactions.models import LedgerEntry, Wallet


def test_a_charge_answers_with_its_ledger_entry(owner: Caller, seller: Seller) -> None:
    answer = owner.charge("12.50", key="k1")

    assert answer.status == 201
    assert "Idempotent-Replayed" not in answer.headers
    body = answer.body
    assert UUID7.fullmatch(body.pop("id"))
    assert TIME.fullmatch(body.pop("created_at"))
    assert body == {
        "type": "charge_sale",
        "seller": str(seller.pk),
        "sequence": 2,
        "amount": "12.50",
        "balance_before": "100.00",
        "balance_after": "87.50",
        "phone_number": PHONE,
        "debit_account": f"wallet:{seller.pk}",
        "credit_account": "platform:charge_sales",
        "idempotency_key": "k1",
        "credit_request": None,
        "reverses": None,
        "reversed_by": None,
        "description": "",
        "created_by": str(owner_of(seller).pk),
        "delivery": None,
    }
    assert_ledger_consistent()


def test_the_answer_is_what_reading_the_entry_gives(owner: Caller) -> None:
    sold = owner.charge().body

    assert owner.get(f"transactions/{sold['id']}/").body == sold


def test_a_charge_without_a_key_has_none(owner: Caller) -> None:
    assert owner.charge().body["idempotency_key"] is None


@pytest.mark.parametrize(
    ("written", "answered"),
    [("1", "1.00"), ("1.5", "1.50"), ("0.01", "0.01"), (7, "7.00"), (7.25, "7.25"), ("007", "7.00"), (100, "100.00")],
)
def test_an_amount_is_taken_exactly(owner: Caller, written: object, answered: str) -> None:
    answer = owner.charge(written)

    assert (answer.status, answer.body["amount"]) == (201, answered)


@pytest.mark.parametrize(
    "written",
    [
        "09123456789", "9123456789", "+989123456789", "00989123456789", " 0912 345 6789 ", "+98 (912) 345-6789",
        "۰۹۱۲۳۴۵۶۷۸۹", "0912345678٩",
    ],
)  # fmt: skip
def test_a_phone_number_is_stored_as_e164(owner: Caller, written: str) -> None:
    assert owner.charge(phone_number=written).body["phone_number"] == PHONE
    [result] = owner.post("charges/bulk/", {"charges": [{"phone_number": written, "amount": "1.00"}]}).body["results"]
    assert result["transaction"]["phone_number"] == PHONE


def test_the_whole_balance_can_be_sold(owner: Caller, seller: Seller) -> None:
    assert owner.charge("100.00").body["balance_after"] == "0.00"
    assert Wallet.objects.get(pk=seller.pk).balance == 0


def test_a_charge_over_the_balance_is_refused(owner: Caller) -> None:
    with nothing_changes():
        answer = owner.charge("100.01")

    assert_problem(
        answer,
        409,
        "insufficient_balance",
        available_balance="100.00",
        required_amount="100.01",
        shortage="0.01",
    )


def test_the_largest_amount_is_refused_for_the_balance_not_for_its_size(owner: Caller) -> None:
    with nothing_changes():
        answer = owner.charge("999999999999.99")

    assert answer.body["code"] == "insufficient_balance"


@pytest.mark.parametrize("status", ["pending", "suspended"])
def test_a_seller_that_is_not_active_is_refused(owner: Caller, seller: Seller, status: str) -> None:
    Seller.objects.filter(pk=seller.pk).update(status=status)

    with nothing_changes():
        answer = owner.charge()

    assert_problem(answer, 403, "seller_not_active", seller_status=status)


def test_a_charge_takes_from_the_wallet_of_the_callers_seller_only(
    owner: Caller, seller: Seller, other_seller: Seller
) -> None:
    assert owner.charge("10.00").body["seller"] == str(seller.pk)
    assert Wallet.objects.get(pk=other_seller.pk).balance == 100
    assert Wallet.objects.get(pk=seller.pk).balance == 90


def test_members_that_are_not_asked_for_are_refused(owner: Caller, other_seller: Seller) -> None:
    claims = {"seller": str(other_seller.pk), "balance_after": "999.00", "type": "reversal", "sequence": 9}

    with nothing_changes():
        answer = owner.post("charges/", {"phone_number": PHONE, "amount": "1.00", **claims})

    assert answer.codes == {(name, "unknown_field") for name in claims}


def test_each_sale_names_who_sold_it(seller: Seller) -> None:
    operator = make_user(seller, SellerRole.OPERATOR)

    answer = log_in(operator).charge()

    assert answer.body["created_by"] == str(operator.pk)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_only_post_is_allowed(owner: Caller, method: str) -> None:
    with nothing_changes():
        answer = owner.send(method, "charges/", b"{}")

    assert_problem(answer, 405, "method_not_allowed")


def test_sellers_number_their_entries_apart(seller: Seller) -> None:
    second = make_seller(balance="5.00")

    log_in(owner_of(seller)).charge("1.00")
    log_in(owner_of(second)).charge("1.00")

    assert set(LedgerEntry.objects.values_list("seller_id", "sequence")) == {
        (seller.pk, 1), (seller.pk, 2), (second.pk, 1), (second.pk, 2),
    }  # fmt: skip
