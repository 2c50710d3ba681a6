"""manage.py reconcile_balances --incremental reads only what came after the last run."""

from functools import partial

import pytest

from apps.accounts.models import Seller
from apps.testing.command_calls import run_command
from apps.testing.factories import make_seller, sell
from apps.testing.tampering import change_by_hand
from apps.transactions.models import ReconciliationCheckpoint

# One more taken than the wallet gave; the checks of the row itself are content.
MORE = "amount = amount + 1, balance_after = balance_after - 1"

pytestmark = pytest.mark.django_db(transaction=True)

reconcile = partial(run_command, "reconcile_balances")


@pytest.fixture
def seller() -> Seller:
    """A seller with 90.00 in two entries, reconciled up to them."""
    seller = make_seller(balance="100.00")
    sell(seller, "10.00")
    assert reconcile("--incremental")[0] == 0
    return seller


def test_the_checkpoint_moves_to_the_newest_entry(seller: Seller) -> None:
    checkpoint = ReconciliationCheckpoint.objects.get(pk=seller.pk)
    assert (checkpoint.sequence, f"{checkpoint.balance:.2f}") == (2, "90.00")
    sell(seller, "10.00")
    code, text = reconcile("--incremental")
    assert code == 0
    assert f"{seller.pk}{'80.00':>24}{'80.00':>24}  agrees" in text
    checkpoint.refresh_from_db()
    assert (checkpoint.sequence, f"{checkpoint.balance:.2f}") == (3, "80.00")


def test_entries_before_the_checkpoint_are_trusted_and_a_full_run_finds_them(seller: Seller) -> None:
    change_by_hand(f"UPDATE transactions_ledgerentry SET {MORE} WHERE sequence = 2 AND seller_id = %s", seller.pk)
    assert reconcile("--incremental")[0] == 0
    assert reconcile()[0] == 1


@pytest.mark.parametrize(
    "wrong", [MORE, "balance_before = balance_before + 1, balance_after = balance_after + 1", "sequence = 4"]
)
def test_a_new_entry_that_lies_is_found_and_the_checkpoint_stays(seller: Seller, wrong: str) -> None:
    sell(seller, "10.00")
    change_by_hand(f"UPDATE transactions_ledgerentry SET {wrong} WHERE sequence = 3 AND seller_id = %s", seller.pk)
    code, text = reconcile("--incremental")
    assert code == 1
    assert "DISAGREES" in text
    assert ReconciliationCheckpoint.objects.get(pk=seller.pk).sequence == 2


def test_a_wallet_that_was_changed_is_found(seller: Seller) -> None:
    change_by_hand("UPDATE transactions_wallet SET balance = 1000 WHERE seller_id = %s", seller.pk)
    assert reconcile("--incremental")[0] == 1


@pytest.mark.parametrize("other", ["--fix", "--report"])
def test_what_needs_the_whole_ledger_is_refused(seller: Seller, other: str) -> None:
    with pytest.raises(Exception, match="--incremental goes with none"):
        reconcile("--incremental", other)
