"""Reading of the ledger: lists, single entries, phone numbers, balances."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Now

from apps.core.database.replica import from_replica
from apps.core.errors import NotFound
from apps.core.values.business_day import business_day
from apps.core.values.ids import uuid7_at
from apps.core.values.money import ZERO
from apps.core.values.phones import search_text
from apps.transactions.models import EntryType, LedgerEntry, Wallet

EXPORT_BATCH_ROWS = 2_000

# `as_shown` of one entry.
_READ_ENTRY = """
SELECT entry.*, reversal.id AS reversed_by_id, delivery.status AS delivery_status,
       delivery.operator_reference AS delivery_reference, delivery.attempts AS delivery_attempts,
       delivery.updated_at AS delivery_updated_at
FROM transactions_ledgerentry entry
LEFT JOIN transactions_ledgerentry reversal ON reversal.seller_id = entry.seller_id AND reversal.reverses_id = entry.id
LEFT JOIN delivery_delivery delivery ON delivery.entry_id = entry.id
WHERE entry.id = %s"""


def list_entries(
    *,
    seller: UUID | None = None,
    type: str | None = None,
    phone_number: str | None = None,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
    amount_min: Decimal | None = None,
    amount_max: Decimal | None = None,
    idempotency_key: str | None = None,
    delivery_status: str | None = None,
) -> QuerySet[LedgerEntry]:
    """Return entries, newest first, as `as_shown` does.

    A key belongs to one seller, so only with `seller` does an index find it.

    `created_after` is inclusive and `created_before` exclusive, so that windows join without a gap. Ids sort by time,
    so both become bounds on the id, which every list is ordered by.
    """
    filters: dict[str, Any] = {
        "seller": seller,
        "type": type,
        "phone_number": phone_number,
        "id__gte": created_after and uuid7_at(created_after, random_bits=0),
        "id__lt": created_before and uuid7_at(created_before, random_bits=0),
        "amount__gte": amount_min,
        "amount__lte": amount_max,
        "idempotency_key": idempotency_key,
        "delivery__status": delivery_status,
    }
    given = {name: value for name, value in filters.items() if value is not None}
    return as_shown(LedgerEntry.objects.filter(**given))


def get_entry(entry_id: UUID, *, seller_scope: UUID | None) -> LedgerEntry:
    """Return one entry; `seller_scope` is the only seller that the caller may see (None: all).

    Raises:
        NotFound: it does not exist, or is not the caller's to see.
    """
    entries = LedgerEntry.objects.filter(pk=entry_id)
    if seller_scope is not None:
        entries = entries.filter(seller_id=seller_scope)
    entry = as_shown(entries).first()
    if entry is None:
        raise NotFound("Transaction not found.")
    return entry


def as_shown(entries: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    """Return `entries`, each with the id of the entry that reversed it, and with what became of it at its operator.

    The delivery lives in an app above this one; here it is known by the names of its relation and of its columns.
    """
    reversals = LedgerEntry.objects.filter(seller_id=OuterRef("seller_id"), reverses_id=OuterRef("pk"))
    return entries.annotate(
        reversed_by_id=Subquery(reversals.values("pk")),
        delivery_status=F("delivery__status"),
        delivery_reference=F("delivery__operator_reference"),
        delivery_attempts=F("delivery__attempts"),
        delivery_updated_at=F("delivery__updated_at"),
    )


def read_sold(entry_id: UUID) -> LedgerEntry:
    """Return an entry that exists, as `as_shown` does. Plain SQL: a storm of retries should cost less than sales."""
    return LedgerEntry.objects.raw(_READ_ENTRY, [entry_id])[0]


def iterate_entries(entries: QuerySet[LedgerEntry], *, newest_first: bool = True) -> Iterator[LedgerEntry]:
    """Yield all of `entries` in keyset batches, from the standby if possible: constant memory, no open cursor."""
    order, further = ("-id", "id__lt") if newest_first else ("id", "id__gt")
    batch = _fetch_batch(entries.order_by(order))
    while batch:
        yield from batch
        batch = _fetch_batch(entries.filter(**{further: batch[-1].pk}).order_by(order))


@from_replica
def _fetch_batch(entries: QuerySet[LedgerEntry]) -> list[LedgerEntry]:
    return list(entries[:EXPORT_BATCH_ROWS])


def list_phone_numbers(*, seller: UUID | None = None, search: str | None = None) -> QuerySet[Any, Any]:
    """Return `{phone_number, total_charged, charge_count, last_charged_at}` of each number, without reversed sales."""
    reversals = LedgerEntry.objects.filter(seller_id=OuterRef("seller_id"), reverses_id=OuterRef("pk"))
    sales = LedgerEntry.objects.filter(~Exists(reversals), type=EntryType.CHARGE_SALE).exclude(phone_number="")
    if seller is not None:
        sales = sales.filter(seller_id=seller)
    if search:
        sales = sales.filter(phone_number__contains=search_text(search))
    return sales.values("phone_number").annotate(
        total_charged=Sum("amount"), charge_count=Count("pk"), last_charged_at=Max("created_at")
    )


@dataclass(frozen=True, slots=True)
class Balance:
    """A seller's balance, and how much it may still sell on this business day (None: no daily limit)."""

    seller_id: UUID
    balance: Decimal
    sequence: int
    daily_limit: Decimal | None
    spent_today: Decimal
    as_of: datetime

    @property
    def available_today(self) -> Decimal | None:
        """The rest of today's limit; the balance may be smaller."""
        return None if self.daily_limit is None else max(ZERO, self.daily_limit - self.spent_today)


def get_balance(seller_id: UUID) -> Balance:
    """Return the present balance of a seller.

    Raises:
        NotFound: the seller does not exist.
    """
    wallet = Wallet.objects.select_related("seller").annotate(now=Now()).filter(pk=seller_id).first()
    if wallet is None:
        raise NotFound("Seller not found.")
    return balance_of(wallet, wallet.now)


def balance_of(wallet: Wallet, now: datetime) -> Balance:
    """Return the balance that a wallet had when it was read, at `now`."""
    return Balance(
        seller_id=wallet.pk,
        balance=wallet.balance,
        sequence=wallet.sequence,
        daily_limit=wallet.seller.daily_limit,
        spent_today=wallet.spent_today if wallet.spent_on == business_day(now) else ZERO,
        as_of=now,
    )
