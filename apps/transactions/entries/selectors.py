"""Reading of the ledger: lists, single entries, phone numbers, balances."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import Count, Exists, Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from apps.core.database.replica import from_replica, reading_alias
from apps.core.errors import NotFound
from apps.core.values.business_day import business_day
from apps.core.values.ids import uuid7_at
from apps.core.values.money import ZERO
from apps.core.values.phones import search_text
from apps.transactions.models import EntryType, LedgerEntry, Wallet

EXPORT_BATCH_ROWS = 2_000

# From one number to the next by the index (phone_number, id), past all other entries of each, and its newest entry.
# `NOT phone_number = ''` is the condition of that index.
_NUMBERS = """
WITH RECURSIVE found (number, place) AS (
    (SELECT phone_number, 1 FROM transactions_ledgerentry
     WHERE phone_number BETWEEN %(first)s AND %(last)s AND NOT phone_number = '' ORDER BY phone_number LIMIT 1)
    UNION ALL
    SELECT following.phone_number, found.place + 1 FROM found CROSS JOIN LATERAL (
        SELECT phone_number FROM transactions_ledgerentry
        WHERE phone_number > found.number AND phone_number <= %(last)s AND NOT phone_number = ''
        ORDER BY phone_number LIMIT 1
    ) following WHERE found.place < %(most)s
)
SELECT found.number, newest.amount, newest.created_at FROM found CROSS JOIN LATERAL (
    SELECT amount, created_at FROM transactions_ledgerentry
    WHERE phone_number = found.number AND NOT phone_number = '' ORDER BY id DESC LIMIT 1
) newest ORDER BY found.number"""
_LONGEST_NUMBER = 16

# What became of a sale at its operator, as the API writes it. The delivery lives in an app above this one; here it is
# known by the names of its relation and of its columns.
_DELIVERY = """
CASE WHEN transactions_ledgerentry.operator <> '' THEN (
    SELECT json_build_object(
        'status', status, 'operator', operator_id, 'operator_reference', nullif(operator_reference, ''),
        'attempts', attempts, 'updated_at', to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'face_value', transactions_ledgerentry.face_value::text)
    FROM delivery_delivery WHERE entry_id = transactions_ledgerentry.id
) END"""
# `as_shown` of one entry.
_READ_ENTRY = f"""
SELECT transactions_ledgerentry.*, reversal.id AS reversed_by_id, {_DELIVERY} AS delivery_shown
FROM transactions_ledgerentry LEFT JOIN transactions_ledgerentry reversal
    ON reversal.seller_id = transactions_ledgerentry.seller_id AND reversal.reverses_id = transactions_ledgerentry.id
WHERE transactions_ledgerentry.id = %s AND transactions_ledgerentry.seller_id = %s"""  # noqa: S608  (no input in it)


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
    """Return `entries`, each with the id of the entry that reversed it, and with what became of it at its operator."""
    reversals = LedgerEntry.objects.filter(seller_id=OuterRef("seller_id"), reverses_id=OuterRef("pk"))
    return entries.annotate(
        reversed_by_id=Subquery(reversals.values("pk")),
        delivery_shown=RawSQL(_DELIVERY, ()),  # noqa: S611  (no input in it)
    )


def read_sold(seller_id: UUID, entry_id: UUID) -> LedgerEntry:
    """Return an entry that exists, as `as_shown` does. Plain SQL: a storm of retries should cost less than sales."""
    return LedgerEntry.objects.raw(_READ_ENTRY, [entry_id, seller_id])[0]


# An entry's members as the API writes them, in its order; the last two, moment and delivery, are columns of their own.
TEXTS = {
    "id": "id::text",
    "type": "type",
    "seller": "transactions_ledgerentry.seller_id::text",  # a delivery has one, too
    "sequence": "NULL",  # a number: it is a column of its own
    "amount": "amount::text",
    "balance_before": "balance_before::text",
    "balance_after": "balance_after::text",
    "phone_number": "nullif(phone_number, '')",
    "debit_account": "debit_account",
    "credit_account": "credit_account",
    "idempotency_key": "nullif(idempotency_key, '')",
    "credit_request": "credit_request_id::text",
    "reverses": "reverses_id::text",
    "reversed_by": """(SELECT reversal.id::text FROM transactions_ledgerentry reversal
        WHERE reversal.seller_id = transactions_ledgerentry.seller_id
          AND reversal.reverses_id = transactions_ledgerentry.id)""",
    "description": "description",
    "created_by": "created_by_id::text",
}
_ARRAY_OF_TEXTS = f"ARRAY[{', '.join(TEXTS.values())}]"


def rows_of(entries: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry, tuple[Any, ...]]:
    """Return `entries` as tuples: the list of `TEXTS`, the sequence, the moment, and the delivery.

    A page of 50 as instances of the model is 250 UUIDs and 150 decimals that are only turned into text again.
    """
    texts, delivery = RawSQL(_ARRAY_OF_TEXTS, ()), RawSQL(_DELIVERY, ())  # noqa: S611  (no input in them)
    return entries.values_list(texts, "sequence", "created_at", delivery)


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


@from_replica
def numbers_beginning(beginning: str, *, most: int) -> list[tuple[str, Decimal, datetime]]:
    """Return the first `most` charged numbers that begin with `beginning`, with amount and time of the last charge."""
    last = beginning.ljust(_LONGEST_NUMBER, "9")
    with connections[reading_alias()].cursor() as cursor:
        cursor.execute(_NUMBERS, {"first": beginning, "last": last, "most": most})
        found: list[tuple[str, Decimal, datetime]] = cursor.fetchall()
    return found


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
