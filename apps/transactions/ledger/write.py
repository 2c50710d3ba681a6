"""The only writer of a balance.

A use case locks the wallet (`locking.lock_wallet`), drafts its entries and writes them with the new balance in one
statement, all in its own transaction, whose commit is the moment when money moves.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial
from operator import attrgetter
from uuid import UUID

import orjson
from django.db import connection, transaction

from apps.core.errors import DomainError
from apps.core.observability import events
from apps.core.values.ids import uuid7_at
from apps.core.values.money import MAX_BALANCE, ZERO, format_money
from apps.transactions.ledger import alerts
from apps.transactions.ledger.locking import LockedWallet
from apps.transactions.ledger.postings import Posting
from apps.transactions.models import LedgerEntry, Wallet

_TICK = timedelta(microseconds=1)  # entries of one wallet never share a moment: ids and times sort as sequences do
# Django names a column as the attribute that holds its value. The database adds the last one, the hash.
_COLUMNS = tuple(field.attname for field in LedgerEntry._meta.concrete_fields if field.attname != "entry_hash")
_values = attrgetter(*_COLUMNS)
_WRITE = "SELECT write_entries(%s, %s, %s, %s, %s, %s, %s, %s)"


class InsufficientBalance(DomainError):
    """The wallet holds less than the entry takes."""

    code = "insufficient_balance"


class BalanceLimitExceeded(DomainError):
    """The balance would not fit its column."""

    code = "balance_limit_exceeded"


class DailyLimitExceeded(DomainError):
    """The sale would exceed what the seller may sell in one business day."""

    code = "daily_limit_exceeded"


def draft_entry(wallet: LockedWallet, posting: Posting, *, created_by_id: UUID) -> LedgerEntry:
    """Return the entry of `posting` as the next one of a locked wallet; advance `wallet`, not yet its row, by it.

    Raises:
        InsufficientBalance, BalanceLimitExceeded, DailyLimitExceeded: see each; `wallet` is as it was.
    """
    before, after = wallet.balance, wallet.balance + posting.change
    _check_balance(before, after, posting)
    _check_daily_limit(wallet, posting)
    wallet.balance, wallet.sequence = after, wallet.sequence + 1
    wallet.spent_today = max(ZERO, wallet.spent_today + posting.spending)
    moment, wallet.now = wallet.now, wallet.now + _TICK
    entry = posting.entry
    entry.id, entry.seller_id, entry.sequence = uuid7_at(moment), wallet.seller_id, wallet.sequence
    entry.balance_before, entry.balance_after = before, after
    entry.created_by_id, entry.created_at = created_by_id, moment
    return entry


def _check_balance(before: Decimal, after: Decimal, posting: Posting) -> None:
    if after < 0:
        amounts = {"available_balance": before, "required_amount": posting.entry.amount, "shortage": -after}
        raise InsufficientBalance("The balance is too small.", **{k: format_money(v) for k, v in amounts.items()})
    if after > MAX_BALANCE:
        raise BalanceLimitExceeded("The balance would be too large.")


def _check_daily_limit(wallet: LockedWallet, posting: Posting) -> None:
    limit = wallet.daily_limit
    if limit is None or posting.spending <= 0 or wallet.spent_today + posting.spending <= limit:
        return
    raise DailyLimitExceeded(
        "The daily limit would be exceeded.",
        daily_limit=format_money(limit),
        spent_today=format_money(wallet.spent_today),
        available_today=format_money(max(ZERO, limit - wallet.spent_today)),
    )


def write_entries(wallet: LockedWallet, entries: Sequence[LedgerEntry]) -> None:
    """Append drafted entries to the ledger and move the wallet's row to where they led, in one statement.

    It is put off until COMMIT, which it shares a message with. Only if the balance passed the seller's alert is there
    a second statement, which records that event.
    """
    is_low = alerts.is_below_alert(wallet)
    rows = orjson.dumps([dict(zip(_COLUMNS, _values(entry), strict=True)) for entry in entries], default=str)
    state = (wallet.balance, wallet.sequence, wallet.spent_on, wallet.spent_today, entries[-1].created_at, is_low)
    connection.put_off(_WRITE, [wallet.seller_id, *state, rows.decode()])  # type: ignore[attr-defined]  # of our backend
    if is_low is not wallet.is_low:
        alerts.tell_passing(wallet)
    transaction.on_commit(partial(events.balances_changed, entries), robust=True)


def restore_wallet(wallet: LockedWallet, newest: LedgerEntry | None) -> None:
    """Set a locked wallet that was changed past the ledger to what its newest entry says."""
    wallet.balance, wallet.sequence = (newest.balance_after, newest.sequence) if newest else (ZERO, 0)
    Wallet.objects.filter(pk=wallet.seller_id).update(
        balance=wallet.balance, sequence=wallet.sequence, last_entry_at=newest and newest.created_at
    )
