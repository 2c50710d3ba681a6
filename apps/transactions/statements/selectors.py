"""Balances and movements as of a moment, from the ledger alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, FilteredRelation, Q, QuerySet, Sum

from apps.accounts.models import Seller
from apps.core.errors import InvalidInput, NotFound
from apps.core.values.business_day import business_day_start
from apps.core.values.ids import uuid7_at
from apps.core.values.money import ZERO
from apps.transactions.entries.selectors import Balance, list_entries
from apps.transactions.models import EntryType, LedgerEntry

_TICK = timedelta(microseconds=1)

# FOR SHARE waits for a sale that is going on. Entries written after this are dated after the moment that it returns;
# those written before are committed. So the entries older than that moment never change.
_SETTLED_MOMENT = """
SELECT FROM transactions_wallet WHERE seller_id = %s FOR SHARE;
SELECT greatest(clock_timestamp(), last_entry_at + interval '1 microsecond')
FROM transactions_wallet WHERE seller_id = %s
"""


@dataclass(frozen=True, slots=True)
class Statement:
    """The movements of one seller from `begin` (None: its first) until before `end`."""

    seller_id: UUID
    begin: datetime | None
    end: datetime
    opening_balance: Decimal
    closing_balance: Decimal
    total_credits: Decimal
    total_debits: Decimal
    count: int
    has_face_values: bool  # some sales had another price than their face value
    entries: QuerySet[LedgerEntry]
    last: LedgerEntry | None  # the newest before `end`, also if it is older than `begin`


def get_balance_at(seller_id: UUID, at: datetime) -> Balance:
    """Return the balance of a seller after the entries of a moment; now, if that is in the future.

    `daily_limit` is today's: earlier ones are not kept.

    Raises:
        NotFound: the seller does not exist.
    """
    moment = min(at, _settled_moment(seller_id))
    newest = _newest_before(seller_id, moment + _TICK)
    return Balance(
        seller_id=seller_id,
        balance=newest.balance_after if newest else ZERO,
        sequence=newest.sequence if newest else 0,
        daily_limit=Seller.objects.values_list("daily_limit", flat=True).get(pk=seller_id),
        spent_today=_spent(seller_id, moment),
        as_of=moment,
    )


def get_statement(seller_id: UUID, *, begin: datetime | None, end: datetime | None) -> Statement:
    """Return the movements in [begin, end). An `end` that is absent or in the future becomes now.

    Statements that begin where others end join without a gap and without overlap, even while sales go on.

    Raises:
        NotFound: the seller does not exist.
        InvalidInput: the beginning is after the end, or in the future.
    """
    now = _settled_moment(seller_id)
    end = min(end or now, now)
    if begin and begin > end:
        raise InvalidInput("from", "Must be neither after `to` nor in the future.")
    opening, closing = begin and _newest_before(seller_id, begin), _newest_before(seller_id, end)
    entries = list_entries(seller=seller_id, created_after=begin, created_before=end)
    credited = Q(balance_after__gt=F("balance_before"))
    totals = entries.aggregate(
        count=Count("pk"),
        credits=Sum("amount", filter=credited),
        debits=Sum("amount", filter=~credited),
        face_values=Count("face_value"),
    )
    return Statement(
        seller_id=seller_id,
        begin=begin,
        end=end,
        opening_balance=opening.balance_after if opening else ZERO,
        closing_balance=closing.balance_after if closing else ZERO,
        total_credits=totals["credits"] or ZERO,
        total_debits=totals["debits"] or ZERO,
        count=totals["count"],
        has_face_values=bool(totals["face_values"]),
        entries=entries,
        last=closing,
    )


def _settled_moment(seller_id: UUID) -> datetime:
    """Return the present moment, up to which the seller's ledger is complete."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_SETTLED_MOMENT, [seller_id, seller_id])
        row = cursor.fetchone()
    if row is None:
        raise NotFound("Seller not found.")
    moment: datetime = row[0]
    return moment


def _newest_before(seller_id: UUID, moment: datetime) -> LedgerEntry | None:
    """Return the last entry that is older than `moment`; ids sort by time."""
    earlier = LedgerEntry.objects.filter(seller_id=seller_id, id__lt=uuid7_at(moment, random_bits=0))
    return earlier.order_by("-id").first()


def _spent(seller_id: UUID, moment: datetime) -> Decimal:
    """Return the sales on the business day of `moment`, up to and with it, less those undone on that day."""
    start = business_day_start(moment)
    of_day = LedgerEntry.objects.filter(
        seller_id=seller_id,
        id__gte=uuid7_at(start, random_bits=0),
        id__lt=uuid7_at(moment + _TICK, random_bits=0),
    ).annotate(original=FilteredRelation("reverses", condition=Q(reverses__seller_id=seller_id)))
    totals = of_day.aggregate(
        sold=Sum("amount", filter=Q(type=EntryType.CHARGE_SALE)),
        undone=Sum("amount", filter=Q(original__type=EntryType.CHARGE_SALE, original__created_at__gte=start)),
    )
    return (totals["sold"] or ZERO) - (totals["undone"] or ZERO)
