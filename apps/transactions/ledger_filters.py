"""Filters of the ledger in the back office; each is one that an index serves."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateFilter, RangeNumericFilter, TextFilter

from apps.core.ids import uuid7_at
from apps.core.phones import normalize_mobile
from apps.transactions.figures import day_begins
from apps.transactions.models import LedgerEntry

LATEST = datetime(9000, 1, 1, tzinfo=UTC).date()


class DayFilter(RangeDateFilter):  # type: ignore[misc]  # the theme has no types
    """Business days, both inclusive. Ids sort by time, so days become bounds of the id."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
        first = _day(self.used_parameters.get("created_at_from"))
        last = _day(self.used_parameters.get("created_at_to"))
        if first is not None:
            queryset = queryset.filter(id__gte=uuid7_at(day_begins(first), random_bits=0))
        if last is not None:
            queryset = queryset.filter(
                id__lt=uuid7_at(day_begins(min(last, LATEST) + timedelta(days=1)), random_bits=0)
            )
        return queryset


def _day(text: Any) -> Any:
    try:
        return parse_date(str(text or ""))
    except ValueError:
        return None


class AmountFilter(RangeNumericFilter):  # type: ignore[misc]  # the theme has no types
    """From and to an amount, both inclusive."""


class PhoneFilter(TextFilter):  # type: ignore[misc]  # the theme has no types
    """One phone number, national or international; exact, because that is what the index answers."""

    title = _("phone number")
    parameter_name = "phone"

    def queryset(self, request: HttpRequest, queryset: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
        if not self.value():
            return queryset
        try:
            return queryset.filter(phone_number=normalize_mobile(str(self.value()).strip()))
        except ValueError:
            return queryset.none()
