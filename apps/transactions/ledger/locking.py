"""The one row lock that guards money, and what is read under it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, Func, Value

from apps.core.errors import NotFound
from apps.core.observability import metrics
from apps.core.values.business_day import business_day
from apps.core.values.money import ZERO
from apps.transactions.models import Wallet

_READ = "; SELECT * FROM read_wallet(%s, %s, %s)"


@dataclass(slots=True)
class LockedWallet:
    """A wallet whose row this transaction holds locked, and what decides about a sale from it, as of that lock.

    With an `earlier_entry_id` there is nothing to decide, and the lock may not have been taken.
    """

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
    """Return the SQL of the one row lock that guards money; compiled once: compiling costs more than running.

    A key that is spent stays spent, and its entry never changes. So a repeat of it is answered without the lock, and
    need not queue behind the seller's other sales.
    """
    no_one = UUID(int=0)
    key_is_unspent = Func(Value(no_one), Value("key"), function="key_is_unspent", output_field=BooleanField())
    wallets = Wallet.objects.select_for_update(of=("self",), no_key=True)
    sql, _ = wallets.filter(key_is_unspent, pk=no_one).values("pk").query.sql_with_params()
    return sql


@metrics.LOCK_WAIT_SECONDS.time()
def lock_wallet(seller_id: UUID, *, session_id: UUID | None = None, idempotency_key: str = "") -> LockedWallet:
    """Lock the wallet of a seller until the transaction ends, unless the key is already spent, then read it.

    Two statements in one round trip. In READ COMMITTED each statement sees what was committed before it began, so the
    second one, which begins once the lock is granted, sees all that the previous holder of the lock did.

    Raises:
        NotFound: there is no such seller.
        OperationalError: the lock was not granted within `lock_timeout`.
    """
    lock, read = (seller_id, idempotency_key, seller_id), (seller_id, session_id, idempotency_key)
    with connection.cursor() as cursor:
        cursor.execute(_lock_statement() + _READ, lock + read)
        row = cursor.fetchone()
    if row is None or row[0] is None:
        raise NotFound("Seller not found.")
    return LockedWallet(seller_id, *row)


def actor_role(seller_id: UUID, session_id: UUID) -> str | None:
    """Return what `LockedWallet.actor_role` would be, without waiting for the lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT actor_role FROM read_wallet(%s, %s, '')", [seller_id, session_id])
        role: str | None = cursor.fetchone()[0]
    return role
