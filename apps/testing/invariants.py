"""Invariants of the platform, asserted from the rows themselves and not through the code under test."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from django.apps import apps

from apps.credit_requests.models import CreditRequest
from apps.transactions.models import EntryType, LedgerEntry, Wallet, wallet_account

CHARGE_QUERIES = 4  # BEGIN, lock and read, write, COMMIT
_WATCHED = (
    "accounts.Seller", "accounts.User", "accounts.ApiClient", "accounts.Session", "transactions.Wallet",
    "transactions.LedgerEntry", "credit_requests.CreditRequest", "outbox.Event",
    "notifications.WebhookEndpoint", "notifications.WebhookDelivery",
    "delivery.Operator", "delivery.Delivery", "delivery.Attempt",
)  # fmt: skip


def snapshot() -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table that a request could change."""
    return {name: list(apps.get_model(name)._default_manager.order_by("pk").values_list()) for name in _WATCHED}


@contextmanager
def nothing_changes() -> Iterator[None]:
    """Fail unless the block leaves every row of every table as it was: balances, sequences, entries, statuses."""
    before = snapshot()
    yield
    assert snapshot() == before


def assert_ledger_consistent() -> None:
    """Assert that wallets are the sums of their gapless entries, entries balance, and credits have a request.

    The trial balance, summed here leg by leg, must be zero.
    """
    trial_balance: dict[str, Decimal] = {}
    for wallet in Wallet.objects.all():
        entries = list(LedgerEntry.objects.filter(seller_id=wallet.pk).order_by("sequence"))
        _assert_wallet_follows(wallet, entries)
        for entry in entries:
            _assert_legs(entry)
            trial_balance[entry.debit_account] = trial_balance.get(entry.debit_account, Decimal()) + entry.amount
            trial_balance[entry.credit_account] = trial_balance.get(entry.credit_account, Decimal()) - entry.amount
        assert -trial_balance.get(wallet_account(wallet.pk), Decimal()) == wallet.balance
    assert sum(trial_balance.values()) == 0
    _assert_credits_were_approved()


def _assert_wallet_follows(wallet: Wallet, entries: list[LedgerEntry]) -> None:
    assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))
    assert wallet.sequence == len(entries)
    balances = [Decimal("0.00"), *(entry.balance_after for entry in entries)]
    assert [entry.balance_before for entry in entries] == balances[:-1]
    assert wallet.balance == balances[-1]
    assert wallet.last_entry_at == (entries[-1].created_at if entries else None)
    moments = [entry.created_at for entry in entries]
    assert moments == sorted(set(moments))
    assert [entry.pk for entry in entries] == sorted(entry.pk for entry in entries)


def _assert_legs(entry: LedgerEntry) -> None:
    wallet = wallet_account(entry.seller_id)
    assert [entry.debit_account, entry.credit_account].count(wallet) == 1
    sign = 1 if entry.credit_account == wallet else -1
    assert entry.amount > 0
    assert entry.balance_after - entry.balance_before == sign * entry.amount
    assert entry.balance_after >= 0


def _assert_credits_were_approved() -> None:
    approved = CreditRequest.objects.filter(status="approved").values_list("entry_id", "pk", "seller_id", "amount")
    credited = LedgerEntry.objects.filter(type=EntryType.CREDIT_INCREASE)
    assert sorted(approved) == sorted(credited.values_list("pk", "credit_request_id", "seller_id", "amount"))
