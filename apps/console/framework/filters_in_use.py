"""The filters of a list that is shown, in words: for the chips above it and for the head of its export."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import FieldListFilter
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.exceptions import ValidationError
from django.db.models import BooleanField
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

_ENDS = {"_from": _("from"), "_to": _("to")}


@dataclass(frozen=True, slots=True)
class FilterInUse:
    """One filter: its parameter, what it filters by, its value for people, and the address of the list without it."""

    parameter: str
    title: str
    value: str
    address_without: str

    def __str__(self) -> str:
        return f"{self.title}: {self.value}"


def filters_in_use(changelist: ChangeList) -> list[FilterInUse]:
    """Return the filters and the search of a list, in the order of its filters."""
    return [
        FilterInUse(name, title, value, changelist.get_query_string(remove=[name]))
        for name, title, value in _named_values(changelist)
    ]


def unreadable_filters(changelist: ChangeList) -> Sequence[Any]:
    """Return the filters that have a value which they cannot read."""
    return [one for one in changelist.filter_specs if getattr(one, "unreadable", None)]


def _named_values(changelist: ChangeList) -> Iterator[tuple[str, str, str]]:
    for one in changelist.filter_specs:
        for name in one.expected_parameters():
            value = changelist.params.get(str(name)) or one.used_parameters.get(str(name))
            text = str(value[-1] if isinstance(value, list) else value or "").strip()
            if text:
                yield str(name), _title(one, str(name)), _shown(one, text)
    if changelist.query:
        yield SEARCH_VAR, gettext("Search"), changelist.query


def _title(one: Any, name: str) -> str:
    end = next((word for suffix, word in _ENDS.items() if name.endswith(suffix)), "")
    return f"{capfirst(one.title)} {end}".strip()


def _shown(one: Any, text: str) -> str:
    """Return the word for a choice, or the name of a row, that `text` stands for; or the text itself."""
    if not isinstance(one, FieldListFilter):
        return str(dict(one.lookup_choices or {}).get(text, text))
    if isinstance(one.field, BooleanField):
        return gettext("Yes") if text == "1" else gettext("No")
    if one.field.choices:
        return str(dict(one.field.flatchoices).get(text, text))
    if one.field.related_model:
        try:
            return str(one.field.related_model._default_manager.filter(pk=text).first() or text)
        except (ValidationError, ValueError):
            return text
    return text
