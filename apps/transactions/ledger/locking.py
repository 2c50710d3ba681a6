"""The one row lock that guards money, and the reading of the wallet under it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import NamedTuple, cast
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, Func, Value

from apps.core.errors import NotFound
from apps.core.observability import metrics
from apps.core.values.business_day import business_day
from apps.core.values.money import ZERO
from apps.transactions.models import Wallet


@dataclass(slots=True)
class LockedWallet:
    """A wallet whose row this transaction holds locked, and all that decides about a sale from it, as of that lock.

    With an `earlier_entry` there is nothing to decide, and the lock may not have been taken; of a dry run it never is.
    All fields but the first are columns of the database's function `read_wallet`.
    """

    seller_id: UUID
    balance: Decimal
    sequence: int
    spent_on: date | None
    spent_today: Decimal
    now: datetime  # PostgreSQL's clock, after the newest entry
    seller_status: str
    daily_limit: Decimal | None
    low_balance_alert: Decimal | None
    is_low: bool  # the seller was told last that the balance is below its alert
    requires_key: bool  # the seller refuses charges without an idempotency key
    actor_role: str | None  # None: the session is over, or its user is deactivated or of another seller
    earlier_entry: UUID | None  # the id of the entry that the idempotency key already made

    def __post_init__(self) -> None:
        if self.spent_on != (today := business_day(self.now)):
            self.spent_on, self.spent_today = today, ZERO

    @property
    def today(self) -> date:
        """The business day of `now`, to which `spent_on` was set."""
        return cast("date", self.spent_on)


_COLUMNS = ", ".join(field.name for field in fields(LockedWallet)[1:])
_READ = f"SELECT {_COLUMNS} FROM read_wallet(%s, %s, %s)"  # noqa: S608  (names of our own fields)
_READ_FOR = f"""
SELECT {_COLUMNS} FROM unnest(%s::uuid[], %s::text[]) WITH ORDINALITY AS caller (session, key, place)
CROSS JOIN LATERAL read_wallet(%s, caller.session, caller.key) ORDER BY caller.place"""  # noqa: S608  (as above)


@cache
def _lock_statement() -> str:
    """Return the SQL of the one row lock that guards money; compiled once: compiling costs more than running.

    A spent key stays spent, and its entry never changes. A repeat is therefore answered without the lock and does not
    queue behind the seller's other sales.
    """
    no_id = UUID(int=0)
    key_is_unspent = Func(Value(no_id), Value("key"), function="key_is_unspent", output_field=BooleanField())
    wallets = Wallet.objects.select_for_update(of=("self",), no_key=True)
    sql, _ = wallets.filter(key_is_unspent, pk=no_id).values("pk").query.sql_with_params()
    return sql


@metrics.LOCK_WAIT_SECONDS.time()
def lock_wallet(seller_id: UUID, *, session_id: UUID | None = None, idempotency_key: str = "") -> LockedWallet:
    """Lock the wallet of a seller until the transaction ends, unless the key is already spent, then read it.

    Two statements in one round trip. In READ COMMITTED each statement sees what was committed before it began, so the
    second one, which begins once the lock is granted, sees everything that the previous holder of the lock wrote.

    Raises:
        NotFound: the seller does not exist.
        OperationalError: the lock was not granted within `lock_timeout`.
    """
    lock, read = (seller_id, idempotency_key, seller_id), (seller_id, session_id, idempotency_key)
    return _read(seller_id, f"{_lock_statement()}; {_READ}", lock + read)


class Caller(NamedTuple):
    """What `LockedWallet` says of one of several callers, read under one lock."""

    actor_role: str | None
    earlier_entry: UUID | None


@metrics.LOCK_WAIT_SECONDS.time()
def lock_wallet_for(seller_id: UUID, callers: Sequence[tuple[UUID, str]]) -> tuple[LockedWallet, list[Caller]]:
    """Lock the wallet of a seller and read it as `lock_wallet` does, for several callers: their sessions and keys.

    Raises:
        NotFound: the seller does not exist.
        OperationalError: the lock was not granted within `lock_timeout`.
    """
    sessions, keys = map(list, zip(*callers, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(f"{_lock_statement()}; {_READ_FOR}", (seller_id, "", seller_id, sessions, keys, seller_id))
        rows = cursor.fetchall()
    if rows[0][0] is None:
        raise NotFound("Seller not found.")
    return LockedWallet(seller_id, *rows[0]), [Caller(*row[-2:]) for row in rows]


def read_wallet(seller_id: UUID, *, session_id: UUID, idempotency_key: str = "") -> LockedWallet:
    """Return what `lock_wallet` would, without the lock: to try what a sale would do, and to write nothing.

    Raises:
        NotFound: the seller does not exist.
    """
    return _read(seller_id, _READ, (seller_id, session_id, idempotency_key))


def _read(seller_id: UUID, statement: str, parameters: tuple[UUID | str | None, ...]) -> LockedWallet:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        row = cursor.fetchone()
    if row is None or row[0] is None:  # the function answers one row of nulls for a seller that does not exist
        raise NotFound("Seller not found.")
    return LockedWallet(seller_id, *row)


def actor_role(seller_id: UUID, session_id: UUID) -> str | None:
    """Return the `LockedWallet.actor_role` of a session without waiting for the lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT actor_role FROM read_wallet(%s, %s, '')", [seller_id, session_id])
        role: str | None = cursor.fetchone()[0]
    return role
