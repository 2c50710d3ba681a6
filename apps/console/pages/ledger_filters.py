"""Filters of the ledger's list, and the sums of what they leave."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import TextFilter

from apps.console.framework.display import show_money, show_number
from apps.console.framework.range_filters import read_day
from apps.core.values.phones import normalize_mobile
from apps.transactions.models import EntryType, LedgerEntry
from apps.transactions.totals.tallies import MOST_ROWS, Tally, tally_rows, tally_totals

ADVICE = gettext_noop("This is not a mobile number. Write 0912 000 0000 or +98 912 000 0000.")


class PhoneFilter(TextFilter):  # type: ignore[misc]  # the theme has no types
    """One phone number, national or international; matched exactly, as the index requires."""

    title = _("phone number")
    parameter_name = "phone"

    unreadable = False

    def queryset(self, request: HttpRequest, queryset: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
        if not self.value():
            return queryset
        try:
            return queryset.filter(phone_number=normalize_mobile(str(self.value()).strip()))
        except ValueError:
            self.unreadable = True
            messages.error(request, gettext(ADVICE))
            return queryset.none()

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Yield the form, with the error at its field."""
        for choice in super().choices(changelist):
            if self.unreadable:
                choice["form"].add_error(self.parameter_name, gettext(ADVICE))
            yield choice


# The parameters of the list's filters; those that the kept totals answer.
_BY_TOTALS = frozenset({"seller", "type", "created_at_from", "created_at_to"})
_BY_ROWS = frozenset({"phone", "amount_from", "amount_to"})


def tally_of(request: HttpRequest, found: QuerySet[LedgerEntry]) -> Tally | None:
    """Return number and amount of the entries that the filters leave; None without filters."""
    given = {name: str(request.GET.get(name, "")).strip() for name in _BY_TOTALS | _BY_ROWS}
    used = {name: value for name, value in given.items() if value}
    if not used:
        return None
    if _BY_ROWS & used.keys():
        return tally_rows(found)
    days = [read_day(used[name]) if name in used else None for name in ("created_at_from", "created_at_to")]
    seller = UUID(used["seller"]) if "seller" in used else None
    return tally_totals(seller=seller, type=used.get("type"), first=days[0], last=days[1])


def shown_tally(tally: Tally) -> str:
    """Return the number of entries and the amount of each type in words."""
    if tally.types is None:
        return gettext("More than %(most)s entries: too many to add up here.") % {"most": show_number(MOST_ROWS)}
    labels = dict(EntryType.choices)
    entries = gettext("Entries: %(number)s") % {"number": show_number(tally.entries)}
    return " · ".join([entries, *(f"{labels[type_]} {show_money(amount)}" for type_, _number, amount in tally.types)])
