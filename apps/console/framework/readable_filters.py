"""Filters whose parameter is the name of their field (`seller=`), and redirects from Django's names for them."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import QueryDict
from unfold.contrib.filters.admin import AutocompleteSelectFilter, BooleanRadioFilter, ChoicesDropdownFilter

_EXACT = re.compile(r"(\w+?)(?:__id)?__exact")
_BOUND = re.compile(r"(\w+)__(gte|lt|year|month|day)")


class _NamedByField:
    """A filter that takes `status=` where Django says `status__exact=`; as a lookup both mean the same."""

    @property
    def lookup_kwarg(self) -> str:
        return self._name

    @lookup_kwarg.setter
    def lookup_kwarg(self, name: str) -> None:
        self._name = _EXACT.sub(r"\1", name)


class ChoiceFilter(_NamedByField, ChoicesDropdownFilter):  # type: ignore[misc]  # the theme has no types
    """One of a field's choices."""


class RowFilter(_NamedByField, AutocompleteSelectFilter):  # type: ignore[misc]  # as above
    """One row of a related table, found by typing."""


class YesNoFilter(_NamedByField, BooleanRadioFilter):  # type: ignore[misc]  # as above
    """Yes or no."""


def renamed(query: QueryDict) -> str | None:
    """Return a query that has names of old with today's names, or None if it has none of them."""
    pairs = [(name, value) for name, values in query.lists() for value in values]
    bounds = {name: value for name, value in pairs if _BOUND.fullmatch(name)}
    kept = [(_EXACT.sub(r"\1", name), value) for name, value in pairs if name not in bounds]
    found = [*kept, *_days(bounds)]
    return urlencode(found) if sorted(found) != sorted(pairs) else None


def _days(bounds: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield bounds of a moment as days; those that cannot be read stay as they are, which the list refuses."""
    for field in {_BOUND.sub(r"\1", name) for name in bounds}:
        ends = {name.rpartition("__")[2]: value for name, value in bounds.items() if name.startswith(f"{field}__")}
        try:
            first, last = _first_and_last(ends)
        except (ValueError, OverflowError):
            yield from ((f"{field}__{end}", value) for end, value in ends.items())
            continue
        yield from ((name, day.isoformat()) for name, day in ((f"{field}_from", first), (f"{field}_to", last)) if day)


def _first_and_last(ends: dict[str, str]) -> tuple[date | None, date | None]:
    """Return the days of `gte` and `lt`, or of a year, a month of it, or a day of that."""
    if "year" in ends:
        parts = [int(ends[part]) for part in ("year", "month", "day") if part in ends]
        first = date(*(*parts, 1, 1)[:3])
        lengths = {1: 366, 2: 31, 3: 1}
        after = first + timedelta(days=lengths[len(parts)])
        return first, (after.replace(day=1) if len(parts) < 3 else after) - timedelta(days=1)
    first_day = date.fromisoformat(ends["gte"][:10]) if "gte" in ends else None
    after_last = date.fromisoformat(ends["lt"][:10]) if "lt" in ends else None
    return first_day, after_last - timedelta(days=1) if after_last else None
