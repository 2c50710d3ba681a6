"""GET reconciliation/ and sellers/{id}/reconciliation/: the comparison of balances with the ledger."""

import pytest

from apps.accounts.models import Seller
from apps.testing.api import Caller
from apps.testing.factories import log_in, make_seller, make_staff, owner_of, reverse, sell
from apps.testing.tampering import change_by_hand


def test_one_seller_that_agrees(owner: Caller, seller: Seller) -> None:
    sell(seller, "30.00")

    assert owner.get("sellers/me/reconciliation/").body == {
        "seller_id": str(seller.pk),
        "company_name": seller.company_name,
        "current_balance": "70.00",
        "calculated_balance": "70.00",
        "difference": "0.00",
        "is_reconciled": True,
        "total_transactions": 2,
        "last_sequence": 2,
    }


def test_all_sellers_that_agree(auditor: Caller, seller: Seller, other_seller: Seller) -> None:
    sell(seller, "30.00")
    reverse(sell(other_seller, "5.00"))
    make_seller()

    assert auditor.get("reconciliation/").body == {
        "sellers_checked": 3,
        "verified": 3,
        "discrepancies": [],
        "trial_balance": {"platform:funding": "200.00", "platform:charge_sales": "-30.00", "wallets": "-170.00"},
        "trial_balance_total": "0.00",
        "chain_verified": True,
        "is_reconciled": True,
    }


def test_a_platform_without_sellers_agrees(auditor: Caller) -> None:
    body = auditor.get("reconciliation/").body

    assert (body["sellers_checked"], body["trial_balance"], body["is_reconciled"]) == (0, {}, True)


@pytest.mark.django_db(transaction=True)
def test_a_wallet_that_was_changed_by_hand_is_found() -> None:
    good, bad = make_seller(balance="10.00"), make_seller(balance="10.00")
    auditor = log_in(make_staff("auditor"))
    change_by_hand("UPDATE transactions_wallet SET balance = balance + 5 WHERE seller_id = %s", bad.pk)

    body = auditor.get("reconciliation/").body

    assert (body["sellers_checked"], body["verified"], body["is_reconciled"]) == (2, 1, False)
    [found] = body["discrepancies"]
    assert found == log_in(owner_of(bad)).get("sellers/me/reconciliation/").body
    assert (found["difference"], found["is_reconciled"]) == ("5.00", False)
    assert log_in(owner_of(good)).get("sellers/me/reconciliation/").body["is_reconciled"] is True


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE transactions_ledgerentry SET balance_before = 1, balance_after = 0.50",
        "DELETE FROM transactions_ledgerentry",
    ],
    ids=["a broken link", "a missing entry"],
)
def test_an_entry_that_was_changed_by_hand_is_found(change: str) -> None:
    seller = make_seller(balance="10.00")
    for _ in range(2):
        sell(seller, "0.50")
    auditor = log_in(make_staff("auditor"))
    assert auditor.get("reconciliation/").body["is_reconciled"] is True
    change_by_hand(change + " WHERE sequence = 2 AND seller_id = %s", seller.pk)

    body = auditor.get("reconciliation/").body

    assert (body["chain_verified"], body["is_reconciled"]) == (False, False)


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_was_rewritten_breaks_the_chain(auditor: Caller) -> None:
    """Balances, links and sums are right; only the hash tells."""
    seller = make_seller(balance="100.00")
    sell(seller, "30.00")
    change_by_hand("UPDATE transactions_ledgerentry SET phone_number = '+989120000000' WHERE sequence = 2")

    body = auditor.get("reconciliation/").body

    assert (body["discrepancies"], body["chain_verified"], body["is_reconciled"]) == ([], False, False)


@pytest.mark.django_db(transaction=True)
def test_a_chain_that_does_not_begin_with_its_first_entry_is_found(auditor: Caller) -> None:
    """Its balance and its hash are those of a first entry; only the number tells."""
    make_seller(balance="100.00")
    change_by_hand("UPDATE transactions_ledgerentry SET sequence = 2")
    change_by_hand(
        "UPDATE transactions_ledgerentry entry SET entry_hash = ledger_hash(decode(repeat('00', 32), 'hex'), entry)"
    )

    assert auditor.get("reconciliation/").body["chain_verified"] is False
