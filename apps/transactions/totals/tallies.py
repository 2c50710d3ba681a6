"""Number and amount of the entries that some filters leave, by type, in a bounded time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import OperationalError, connections
from django.db.models import Count, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from psycopg2.errors import QueryCanceled

from apps.core.database.replica import from_replica, reading_alias
from apps.core.database.timeouts import brief_read
from apps.core.values.business_day import day_begins
from apps.core.values.ids import uuid7_at
from apps.core.values.money import ZERO
from apps.transactions.models import DailyTotal, HourlyTotal, LedgerEntry, SummaryMark

MOST_ROWS = 10_000
LIMIT_MILLISECONDS = 80
_LAST_DAY = date(9000, 1, 1)


@dataclass(frozen=True, slots=True)
class Tally:
    """The entries of each type and their amount; None: more than `MOST_ROWS`, or more than could be read in time."""

    types: Sequence[tuple[str, int, Decimal]] | None

    @property
    def entries(self) -> int:
        """The number of all entries."""
        return sum(number for _type, number, _amount in self.types or ())


def tally_totals(
    *, seller: UUID | None = None, type: str | None = None, first: date | None = None, last: date | None = None
) -> Tally:
    """Count by the kept totals, and the entries that are not in them yet; `first` and `last` are inclusive.

    Both are read by one statement, so that an entry is in one of them.
    """
    given = {"seller_id": seller, "type": type}
    filters: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    begin = day_begins(first) if first else None
    end = day_begins(min(last, _LAST_DAY) + timedelta(days=1)) if last else None
    totals: QuerySet[Any] = DailyTotal.objects.all() if seller else HourlyTotal.objects.all()
    bounds = {"day__gte": first, "day__lte": last} if seller else {"hour__gte": begin, "hour__lt": end}
    after = Coalesce(Subquery(SummaryMark.objects.values("last_entry")[:1]), Value(UUID(int=0)))
    ids = {
        "id__gte": begin and uuid7_at(begin, random_bits=0),
        "id__lt": end and uuid7_at(end, random_bits=0),
    }
    kept = totals.filter(**filters, **_given(bounds)).order_by().values_list("type")
    newer = LedgerEntry.objects.filter(id__gt=after, **filters, **_given(ids)).order_by().values_list("type")
    both = kept.annotate(number=Sum("entries"), sum=Sum("amount")).union(
        newer.annotate(number=Count("pk"), sum=Sum("amount")), all=True
    )
    return _in_time(lambda: list(both.using(reading_alias())))


def tally_rows(entries: QuerySet[LedgerEntry]) -> Tally:
    """Count the entries themselves, up to `MOST_ROWS`."""
    rows, params = entries.order_by().values("type", "amount")[: MOST_ROWS + 1].query.sql_with_params()

    def ask() -> list[tuple[str, int, Decimal]]:
        with connections[reading_alias()].cursor() as cursor:
            cursor.execute(f"SELECT type, count(*), sum(amount) FROM ({rows}) row GROUP BY type", params)  # noqa: S608  (Django's SQL)
            counted: list[tuple[str, int, Decimal]] = cursor.fetchall()
        return counted

    found = _in_time(ask)
    return found if found.entries <= MOST_ROWS else Tally(None)


@from_replica
def _in_time(ask: Callable[[], list[tuple[str, int, Decimal]]]) -> Tally:
    """Return the answer, added up by type; if it takes too long, say so."""
    try:
        with brief_read(LIMIT_MILLISECONDS, using=reading_alias()):
            found = ask()
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            return Tally(None)
        raise
    types: dict[str, tuple[int, Decimal]] = {}
    for type_, number, amount in found:
        before = types.get(type_, (0, ZERO))
        types[type_] = (before[0] + number, before[1] + amount)
    return Tally([(type_, *sums) for type_, sums in sorted(types.items())])


def _given(bounds: dict[str, Any]) -> dict[str, Any]:
    return {name: bound for name, bound in bounds.items() if bound is not None}
