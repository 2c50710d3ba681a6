"""Figures of the home page and of a seller's page: few rows each, served by indexes or from the totals."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.utils import timezone

from apps.accounts.models import Seller
from apps.core.database.replica import from_replica, reading_alias
from apps.core.values.business_day import business_day, day_begins
from apps.core.values.ids import uuid7_at
from apps.transactions.models import DailyTotal, EntryType, HourlyTotal, RefusalCount, Wallet

DAYS = 7
NEAR_LIMIT = Decimal("0.8")

_CLOSING_BALANCES = """
SELECT coalesce(entry.balance_after, 0)
FROM unnest(%s::uuid[]) WITH ORDINALITY AS day (bound, position)
LEFT JOIN LATERAL (
    SELECT balance_after FROM transactions_ledgerentry
    WHERE seller_id = %s AND id < day.bound ORDER BY id DESC LIMIT 1
) entry ON true
ORDER BY day.position"""

# The totals, and the entries after the last one that they contain, in one statement: both of one moment.
_CHARGES_BY_DAY = """
SELECT day, sum(entries)::bigint, sum(amount) FROM (
    (SELECT day, entries, amount FROM transactions_dailytotal
     WHERE seller_id = %(seller)s AND type = 'charge_sale' AND day < %(before)s ORDER BY day DESC LIMIT %(most)s)
    UNION ALL
    SELECT (created_at AT TIME ZONE %(zone)s)::date, count(*), sum(amount) FROM transactions_ledgerentry
    WHERE seller_id = %(seller)s AND type = 'charge_sale' AND id < %(end)s
        AND id > coalesce((SELECT last_entry FROM transactions_summarymark), '00000000-0000-0000-0000-000000000000')
    GROUP BY 1
) part GROUP BY day ORDER BY day DESC LIMIT %(most)s"""

Totals = Mapping[tuple[Any, str], Decimal]


def today() -> date:
    """Return the present business day."""
    return business_day(timezone.now())


def this_week() -> list[date]:
    """Return the last seven business days, today last."""
    return [today() - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]


def compared_days() -> tuple[date, date, date]:
    """Return today, yesterday, and the same weekday of last week."""
    return today(), today() - timedelta(days=1), today() - timedelta(days=DAYS)


def hours_of(day: date) -> list[datetime]:
    """Return the beginning of each hour of a business day, in the time of the business."""
    begin = day_begins(day)
    return [begin + timedelta(hours=hour) for hour in range(24)]


def complete_hours() -> int:
    """Return how many hours of today are over."""
    return int((timezone.now() - day_begins(today())) / timedelta(hours=1))


@from_replica
def totals_by_hour() -> Totals:
    """Return the amount of each (hour, type), of today and the seven days before."""
    since = day_begins(today() - timedelta(days=DAYS))
    rows = HourlyTotal.objects.filter(hour__gte=since).values_list("hour", "type", "amount")
    return {(hour, type_): amount for hour, type_, amount in rows}


@from_replica
def totals_by_day() -> Totals:
    """Return the amount of each (day, type) of this week."""
    rows = DailyTotal.objects.filter(day__gte=this_week()[0]).values_list("day", "type")
    return {(day, type_): amount for day, type_, amount in rows.annotate(amount=Sum("amount"))}


@from_replica
def top_sellers(most: int) -> Sequence[Mapping[str, Any]]:
    """Return the sellers that sold most this week, with `sold` and `sales`."""
    sales = DailyTotal.objects.filter(day__gte=this_week()[0], type=EntryType.CHARGE_SALE)
    grouped = sales.values("seller_id", "seller__company_name").annotate(sold=Sum("amount"), sales=Sum("entries"))
    return list(grouped.order_by("-sold")[:most])


def refusals_today() -> list[tuple[str, int]]:
    """Return each reason for which charges were refused today, the most frequent first."""
    counted = RefusalCount.objects.filter(day=today()).values_list("code").annotate(total=Sum("number"))
    return list(counted.order_by("-total", "code"))


def wallets_near_limit(most: int) -> QuerySet[Wallet]:
    """Return wallets that spent at least 80 % of their seller's daily limit today."""
    limited = Wallet.objects.filter(seller__status=Seller.Status.ACTIVE, seller__daily_limit__isnull=False)
    near = limited.filter(spent_on=today(), spent_today__gte=F("seller__daily_limit") * NEAR_LIMIT)
    return near.select_related("seller").order_by("-spent_today")[:most]


def sellers_running_low(most: int) -> Sequence[Mapping[str, Any]]:
    """Return active sellers whose balance lasts less than a day at this week's pace, with `daily` and `balance`."""
    sales = DailyTotal.objects.filter(
        seller_id=OuterRef("seller_id"), day__gte=this_week()[0], type=EntryType.CHARGE_SALE
    )
    daily = sales.order_by().values("seller_id").annotate(daily=Sum("amount") / DAYS).values("daily")
    wallets = Wallet.objects.filter(seller__status=Seller.Status.ACTIVE).annotate(daily=Subquery(daily))
    low = wallets.filter(daily__gt=F("balance")).order_by("balance")
    return list(low.values("seller_id", "seller__company_name", "balance", "daily")[:most])


@from_replica
def charges_by_day(seller_id: UUID, *, before: date, most: int) -> list[tuple[date, int, Decimal]]:
    """Return (day, number, amount) of a seller's charges on its last days with any before `before`, newest first."""
    end = uuid7_at(day_begins(before), random_bits=0)
    with connections[reading_alias()].cursor() as cursor:
        cursor.execute(
            _CHARGES_BY_DAY,
            {"seller": seller_id, "before": before, "most": most, "zone": settings.BUSINESS_TIME_ZONE, "end": end},
        )
        found: list[tuple[date, int, Decimal]] = cursor.fetchall()
    return found


@from_replica
def closing_balances(seller_id: UUID, days: int = 30) -> list[tuple[date, Decimal]]:
    """Return (day, balance at its end) of the last days: one query, one look into the index (seller, id) for each."""
    last = today()
    covered = [last - timedelta(days=back) for back in range(days - 1, -1, -1)]
    bounds = [uuid7_at(day_begins(day + timedelta(days=1)), random_bits=0) for day in covered]
    with connections[reading_alias()].cursor() as cursor:
        cursor.execute(_CLOSING_BALANCES, [[str(bound) for bound in bounds], seller_id])
        balances = [row[0] for row in cursor.fetchall()]
    return list(zip(covered, balances, strict=True))
