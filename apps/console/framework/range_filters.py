"""Filters by a range of business days or of amounts. A bound that cannot be read is an error, never no bound."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import jdatetime
from django.contrib import messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.forms import CharField, TextInput
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_noop
from unfold.contrib.filters.admin import RangeDateFilter, RangeNumericFilter

from apps.console.framework.display import is_persian
from apps.core.values.business_day import day_begins
from apps.core.values.ids import uuid7_at
from apps.core.values.months import LAST_JALALI_YEAR
from apps.core.values.phones import ascii_digits

_MARKS = str.maketrans("٬٫", ",.")  # noqa: RUF001  (Persian marks, meant)
LATEST = datetime(9000, 1, 1, tzinfo=UTC).date()


def read_day(text: str) -> date:
    """Return the day of `2026-10-31` or `1405/8/9`, in digits of any script; raises `ValueError`."""
    year, month, day = (int(part) for part in ascii_digits(text).replace("/", "-").split("-"))
    if year <= LAST_JALALI_YEAR:
        gregorian: date = jdatetime.date(year, month, day).togregorian()
        return gregorian
    return date(year, month, day)


def read_amount(text: str) -> Decimal:
    """Return the amount of `50000.5` or `50,000.5`, in digits of any script; raises `ValueError`."""
    plain = ascii_digits(text).translate(_MARKS).replace(",", "")
    if not plain.replace(".", "", 1).isdecimal():
        raise ValueError(text)
    return Decimal(plain)


class _StrictRange:
    """The two bounds of a filter of the theme, and the fields whose bound cannot be read."""

    ADVICE: str
    field_path: str
    used_parameters: dict[str, Any]

    def read(self, text: str) -> Any:
        """Return the bound in `text`; raises `ValueError`."""
        raise NotImplementedError

    def narrow(self, queryset: QuerySet[Any], first: Any, last: Any) -> QuerySet[Any]:
        """Keep the rows between both bounds; None leaves that side open."""
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Apply both bounds. With an unreadable one leave no rows: all of them would be taken for the chosen ones."""
        first, last = (self._bound(end) for end in ("from", "to"))
        if self.unreadable:
            messages.error(request, gettext(self.ADVICE))
            return queryset.none()
        return self.narrow(queryset, first, last)

    def attributes(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the attributes of a field of text in place of one that has these."""
        return dict(given)

    def _bound(self, end: str) -> Any:
        text = str(self.used_parameters.get(f"{self.field_path}_{end}") or "").strip()
        try:
            return self.read(text) if text else None
        except (ValueError, OverflowError):
            self.unreadable.append(f"{self.field_path}_{end}")
            return None

    @cached_property
    def unreadable(self) -> list[str]:
        """The fields whose bound cannot be read."""
        return []

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Yield the form: fields of text, which take digits of any script, with the error at each unreadable one."""
        for choice in super().choices(changelist):  # type: ignore[misc]  # of the theme's filter beside this class
            form = choice["form"]
            for name, field in form.fields.items():
                attributes = self.attributes(field.widget.attrs)
                form.fields[name] = CharField(required=False, widget=TextInput(attrs=attributes))
            for name in self.unreadable:
                form.add_error(name, gettext(self.ADVICE))
            yield choice


class DayFilter(_StrictRange, RangeDateFilter):  # type: ignore[misc]  # the theme has no types
    """A range of business days, both inclusive, as bounds of an id that sorts by time."""

    ADVICE = gettext_noop("This day cannot be read. Write 2026-10-31 or 1405/8/9.")

    def read(self, text: str) -> date:
        return read_day(text)

    def attributes(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the attributes of a field: on Persian pages jalali.js adds its calendar, the theme none."""
        if not is_persian():
            return dict(given)
        return {**given, "class": given["class"].replace("vCustomDateField", ""), "data-day": ""}

    def narrow(self, queryset: QuerySet[Any], first: date | None, last: date | None) -> QuerySet[Any]:
        """Keep the rows of `first` to `last`."""
        if first is not None:
            queryset = queryset.filter(id__gte=uuid7_at(day_begins(first), random_bits=0))
        if last is not None:
            day_after = min(last, LATEST) + timedelta(days=1)
            queryset = queryset.filter(id__lt=uuid7_at(day_begins(day_after), random_bits=0))
        return queryset


class AmountFilter(_StrictRange, RangeNumericFilter):  # type: ignore[misc]  # the theme has no types
    """A range of amounts, both inclusive."""

    ADVICE = gettext_noop("This amount cannot be read. Write 50000 or 50,000.00.")

    def read(self, text: str) -> Decimal:
        return read_amount(text)

    def narrow(self, queryset: QuerySet[Any], least: Decimal | None, most: Decimal | None) -> QuerySet[Any]:
        """Keep the rows from `least` to `most`."""
        bounds = {f"{self.field_path}__gte": least, f"{self.field_path}__lte": most}
        return queryset.filter(**{lookup: bound for lookup, bound in bounds.items() if bound is not None})
