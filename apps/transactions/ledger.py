"""The only writer of a balance.

`lock_wallet` takes the row lock; `post` writes the entries and the wallet in one statement. Both run inside the
transaction of a use case, whose commit is the moment when money moves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.core import events, metrics
from apps.core.business_day import business_day
from apps.core.errors import DomainError, NotFound
from apps.core.ids import uuid7_at
from apps.core.money import MAX_BALANCE, ZERO, format_money
from apps.transactions.models import LedgerEntry, Wallet
from apps.transactions.postings import Posting

_TICK = timedelta(microseconds=1)  # entries of one wallet never share a moment: ids and times sort as sequences do
# The database adds the last field, the hash.
_FIELDS = tuple(field.attname for field in LedgerEntry._meta.concrete_fields if field.attname != "entry_hash")
_COLUMNS = tuple(str(LedgerEntry._meta.get_field(field).column) for field in _FIELDS)
_WRITE = f"""
WITH moved AS (
    UPDATE transactions_wallet
    SET balance = %s, sequence = %s, spent_on = %s, spent_today = %s, last_entry_at = %s WHERE seller_id = %s
)
INSERT INTO transactions_ledgerentry ({", ".join(_COLUMNS)}) VALUES """  # noqa: S608  (column names of our own model)
_ROW = f"({', '.join(['%s'] * len(_COLUMNS))})"


class InsufficientBalance(DomainError):
    """The wallet holds less than is to be taken from it."""

    code = "insufficient_balance"


class BalanceLimitExceeded(DomainError):
    """The balance would not fit its column."""

    code = "balance_limit_exceeded"


@dataclass(slots=True)
class LockedWallet:
    """A wallet whose row this transaction holds locked, and what decides about a sale from it, as of that lock."""

    seller_id: UUID
    balance: Decimal
    sequence: int
    spent_on: date | None
    spent_today: Decimal
    now: datetime  # PostgreSQL's clock, after the newest entry
    seller_status: str
    daily_limit: Decimal | None
    actor_role: str | None  # None: the session is over, or its user is deactivated or of another seller
    earlier_entry_id: UUID | None  # what the idempotency key already did

    def __post_init__(self) -> None:
        if self.spent_on != (today := business_day(self.now)):
            self.spent_on, self.spent_today = today, ZERO


@cache
def _lock_statement() -> str:
    """Return the SQL of the one row lock that guards money; compiled once: compiling costs more than running."""
    wallets = Wallet.objects.select_for_update(of=("self",), no_key=True)
    sql, _ = wallets.filter(pk=UUID(int=0)).values("pk").query.sql_with_params()
    return sql


@metrics.LOCK_WAIT_SECONDS.time()
def lock_wallet(seller_id: UUID, *, session_id: UUID | None = None, idempotency_key: str = "") -> LockedWallet:
    """Lock the wallet of a seller until the transaction ends, then read it.

    Two statements in one round trip. In READ COMMITTED each statement sees what was committed before it began, so the
    second one, which begins once the lock is granted, sees all that the previous holder of the lock did.

    Raises:
        NotFound: there is no such seller.
        OperationalError: the lock was not granted within `lock_timeout`.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_lock_statement()}; SELECT * FROM read_wallet(%s, %s, %s)",
            [seller_id, seller_id, session_id, idempotency_key],
        )
        row = cursor.fetchone()
    if row is None or row[0] is None:
        raise NotFound("There is no such seller.")
    return LockedWallet(seller_id, *row)


def post(wallet: LockedWallet, postings: Sequence[Posting], *, created_by_id: UUID) -> list[LedgerEntry]:
    """Append `postings`, in order, to the ledger of a locked wallet and move its balance with them.

    Raises:
        InsufficientBalance, BalanceLimitExceeded: of one of them; nothing was written.
    """
    entries = [_next_entry(wallet, posting, created_by_id) for posting in postings]
    values: list[Any] = [wallet.balance, wallet.sequence, wallet.spent_on, wallet.spent_today, entries[-1].created_at]
    values.append(wallet.seller_id)
    values += (getattr(entry, field) for entry in entries for field in _FIELDS)
    with connection.cursor() as cursor:
        cursor.execute(_WRITE + ", ".join([_ROW] * len(entries)), values)
    transaction.on_commit(partial(events.balances_changed, entries), robust=True)
    return entries


def restore(wallet: LockedWallet, newest: LedgerEntry | None) -> None:
    """Set a locked wallet, which somebody changed behind our back, to what its newest entry says."""
    wallet.balance, wallet.sequence = (newest.balance_after, newest.sequence) if newest else (ZERO, 0)
    Wallet.objects.filter(pk=wallet.seller_id).update(
        balance=wallet.balance, sequence=wallet.sequence, last_entry_at=newest and newest.created_at
    )


def _next_entry(wallet: LockedWallet, posting: Posting, created_by_id: UUID) -> LedgerEntry:
    """Return the entry that `posting` makes, and advance `wallet` by it."""
    before, after = wallet.balance, wallet.balance + posting.change
    if after < 0:
        amounts = {"available_balance": before, "required_amount": posting.amount, "shortage": -after}
        raise InsufficientBalance("The balance is too small.", **{k: format_money(v) for k, v in amounts.items()})
    if after > MAX_BALANCE:
        raise BalanceLimitExceeded("The balance would be too large.")
    wallet.balance, wallet.sequence = after, wallet.sequence + 1
    wallet.spent_today = max(ZERO, wallet.spent_today + posting.spending)
    moment, wallet.now = wallet.now, wallet.now + _TICK
    return LedgerEntry(
        id=uuid7_at(moment),
        seller_id=wallet.seller_id,
        sequence=wallet.sequence,
        type=posting.type.value,
        amount=posting.amount,
        balance_before=before,
        balance_after=after,
        debit_account=posting.debit_account,
        credit_account=posting.credit_account,
        phone_number=posting.phone_number,
        idempotency_key=posting.idempotency_key,
        credit_request_id=posting.credit_request_id,
        reverses_id=posting.reverses_id,
        description=posting.description,
        created_by_id=created_by_id,
        created_at=moment,
    )
