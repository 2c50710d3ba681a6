"""A filter by business days for lists whose ids sort by time."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_date
from unfold.contrib.filters.admin import RangeDateFilter

from apps.core.values.business_day import day_begins
from apps.core.values.ids import uuid7_at

LATEST = datetime(9000, 1, 1, tzinfo=UTC).date()


class DayFilter(RangeDateFilter):  # type: ignore[misc]  # the theme has no types
    """A range of business days, both inclusive, as bounds of the id."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first = _day(self.used_parameters.get(f"{self.field_path}_from"))
        last = _day(self.used_parameters.get(f"{self.field_path}_to"))
        if first is not None:
            queryset = queryset.filter(id__gte=uuid7_at(day_begins(first), random_bits=0))
        if last is not None:
            day_after = min(last, LATEST) + timedelta(days=1)
            queryset = queryset.filter(id__lt=uuid7_at(day_begins(day_after), random_bits=0))
        return queryset


def _day(text: Any) -> date | None:
    try:
        return parse_date(str(text or ""))
    except ValueError:
        return None
