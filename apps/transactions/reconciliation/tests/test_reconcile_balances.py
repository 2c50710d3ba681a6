"""manage.py reconcile_balances, against a database that was changed by hand."""

import json
import logging
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction

from apps.accounts.models import Seller
from apps.testing.command_calls import run_command
from apps.testing.factories import NEVER, make_seller, sell
from apps.testing.invariants import assert_ledger_consistent, nothing_changes
from apps.testing.tampering import change_by_hand
from apps.transactions.models import LedgerEntry, Wallet
from apps.transactions.reconciliation.repair import LedgerInconsistent, repair_wallet

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seller() -> Seller:
    """A seller with 80.00: a credit of 100.00 and two sales of 10.00."""
    seller = make_seller(balance="100.00", company_name="Mehr")
    sell(seller, "10.00")
    sell(seller, "10.00")
    return seller


def set_balance(seller: Seller, balance: str) -> None:
    change_by_hand("UPDATE transactions_wallet SET balance = %s WHERE seller_id = %s", balance, seller.pk)


reconcile = partial(run_command, "reconcile_balances")


def line_of(text: str, seller: Seller) -> str:
    return next(line for line in text.splitlines() if line.startswith(str(seller.pk)))


def test_all_agree(seller: Seller) -> None:
    other = make_seller()
    code, text = reconcile()
    assert code == 0
    assert line_of(text, seller).split() == [str(seller.pk), "80.00", "80.00", "agrees", "Mehr"]
    assert line_of(text, other).split()[1:4] == ["0.00", "0.00", "agrees"]
    assert "Sellers checked: 2. Agree: 2, fixed: 0, disagree: 0." in text
    assert "Chain of entries: unbroken." in text


def test_one_seller(seller: Seller) -> None:
    other = make_seller()
    code, text = reconcile("--seller-id", str(other.pk))
    assert code == 0
    assert str(seller.pk) not in text
    assert "Sellers checked: 1. Agree: 1" in text


def test_no_sellers_at_all() -> None:
    code, text = reconcile("--report")
    assert code == 0
    assert "Sellers checked: 0. Agree: 0" in text


def test_an_unknown_seller(seller: Seller) -> None:
    with pytest.raises(CommandError, match="Seller not found"):
        reconcile("--seller-id", str(NEVER))


def test_a_wallet_changed_by_hand_is_told_and_left_alone(seller: Seller) -> None:
    set_balance(seller, "80000.00")
    with nothing_changes():
        code, text = reconcile()
    assert code == 1
    assert line_of(text, seller).split()[1:4] == ["80000.00", "80.00", "DISAGREES"]
    assert "Sellers checked: 1. Agree: 0, fixed: 0, disagree: 1." in text


def test_a_sequence_changed_by_hand_is_told(seller: Seller) -> None:
    change_by_hand("UPDATE transactions_wallet SET sequence = 2 WHERE seller_id = %s", seller.pk)
    assert reconcile()[0] == 1


@pytest.mark.parametrize("balance", ["80000.00", "0.00"])
def test_fix_sets_the_wallet_to_what_the_ledger_says(
    seller: Seller, balance: str, caplog: pytest.LogCaptureFixture
) -> None:
    change_by_hand(
        "UPDATE transactions_wallet SET balance = %s, sequence = 7, last_entry_at = '2020-01-01' WHERE seller_id = %s",
        balance, seller.pk,
    )  # fmt: skip
    entries = list(LedgerEntry.objects.order_by("sequence").values())
    with caplog.at_level(logging.WARNING, logger="sharj.security"):
        code, text = reconcile("--fix")
    assert code == 0
    assert "fixed: set to what the ledger says" in text
    assert "Sellers checked: 1. Agree: 0, fixed: 1, disagree: 0." in text
    wallet = Wallet.objects.get(pk=seller.pk)
    assert (wallet.balance, wallet.sequence) == (Decimal("80.00"), 3)
    assert wallet.last_entry_at == entries[-1]["created_at"]
    assert list(LedgerEntry.objects.order_by("sequence").values()) == entries
    [record] = [record for record in caplog.records if record.name == "sharj.security"]
    assert record.levelno == logging.WARNING
    assert record.getMessage() == "balance_restored"
    assert record.__dict__["fields"] == {
        "seller": seller.pk, "before": Decimal(balance), "after": Decimal("80.00"),
        "sequence_before": 7, "sequence_after": 3,
    }  # fmt: skip
    assert reconcile()[0] == 0
    sell(seller, "5.00")
    assert_ledger_consistent()


def test_fix_of_a_wallet_without_entries() -> None:
    seller = make_seller()
    set_balance(seller, "5.00")
    assert reconcile("--fix")[0] == 0
    assert Wallet.objects.get(pk=seller.pk).balance == 0


def test_fix_touches_only_what_disagrees(seller: Seller) -> None:
    other = make_seller(balance="30.00")
    before = Wallet.objects.filter(pk=other.pk).values().get()
    set_balance(seller, "1.00")
    assert reconcile("--fix")[0] == 0
    assert Wallet.objects.filter(pk=other.pk).values().get() == before


def test_fix_with_nothing_to_fix_changes_and_logs_nothing(seller: Seller, caplog: pytest.LogCaptureFixture) -> None:
    with nothing_changes():
        assert reconcile("--fix")[0] == 0
        repair_wallet(seller_id=seller.pk)
    assert not [record for record in caplog.records if record.name == "sharj.security"]


TAMPERINGS = {
    "an entry grew": "UPDATE transactions_ledgerentry SET amount = 11, balance_after = 89 "
    "WHERE seller_id = %s AND sequence = 2",
    "an entry is gone": "DELETE FROM transactions_ledgerentry WHERE seller_id = %s AND sequence = 2",
    "the first entry is gone": "DELETE FROM transactions_ledgerentry WHERE seller_id = %s AND sequence = 1",
}


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=list(TAMPERINGS))
def test_fix_refuses_when_the_ledger_contradicts_itself(seller: Seller, tampering: str) -> None:
    change_by_hand(tampering, seller.pk)
    with nothing_changes():
        code, text = reconcile("--fix")
        with pytest.raises(LedgerInconsistent):
            repair_wallet(seller_id=seller.pk)
    assert code == 1
    assert "NOT FIXED: its entries" in text
    assert "fixed: 0, disagree: 1." in text


def test_links_broken_inside_the_chain_are_told(seller: Seller) -> None:
    """The sum and the newest balance are right, but an entry does not begin where the one before it ended."""
    change_by_hand(
        "UPDATE transactions_ledgerentry SET balance_before = 95, balance_after = 85 "
        "WHERE seller_id = %s AND sequence = 2",
        seller.pk,
    )
    for arguments in ((), ("--fix",), ("--seller-id", str(seller.pk))):
        code, text = reconcile(*arguments)
        assert code == 1
        assert "Chain of entries: BROKEN." in text
    assert reconcile("--seller-id", str(make_seller().pk))[0] == 0


def test_report_adds_columns_and_the_trial_balance(seller: Seller) -> None:
    set_balance(seller, "81.00")
    code, text = reconcile("--report")
    assert code == 1
    assert line_of(text, seller).split()[1:] == ["81.00", "80.00", "1.00", "3", "3", "3", "DISAGREES", "Mehr"]
    rows = dict(line.rsplit(maxsplit=1) for line in text.split("Trial balance")[1].splitlines() if line)
    assert (rows["platform:funding"], rows["wallets"], rows["platform:charge_sales"]) == ("100.00", "-80.00", "-20.00")
    assert rows["total"] == "0.00"


def test_json_is_one_document(seller: Seller) -> None:
    other = make_seller()
    set_balance(seller, "81.00")
    code, text = reconcile("--json", "--report", "--fix")
    document: dict[str, Any] = json.loads(text)
    assert code == 0
    assert {UUID(found["seller_id"]): found["difference"] for found in document["sellers"]} == {
        seller.pk: "1.00",
        other.pk: "0.00",
    }
    summary = document["summary"]
    assert (summary["sellers_checked"], summary["agrees"], summary["fixed"], summary["disagrees"]) == (2, 1, 1, 0)
    assert summary["repairs"] == [{"seller_id": str(seller.pk), "problem": None}]
    assert (summary["is_reconciled"], summary["trial_balance_total"]) == (True, "0.00")


def test_a_name_cannot_forge_a_line(seller: Seller) -> None:
    with pytest.raises(IntegrityError, match="seller_company_name_visible"), transaction.atomic():
        Seller.objects.filter(pk=seller.pk).update(company_name="A\nFORGED\x1b[31m")
    Seller.objects.filter(pk=seller.pk).update(company_name="A\ue000FORGED")  # private use: visible, not printable
    text = reconcile()[1]
    assert line_of(text, seller).endswith("A?FORGED")
