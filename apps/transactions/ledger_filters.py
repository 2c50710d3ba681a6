"""Filters of the ledger in the back office; each is one that an index serves."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeNumericFilter, TextFilter

from apps.core.phones import normalize_mobile
from apps.transactions.models import LedgerEntry


class AmountFilter(RangeNumericFilter):  # type: ignore[misc]  # the theme has no types
    """From and to an amount, both inclusive; `LedgerList` applies it, to some entries at a time."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
        return queryset

    def narrow(self, request: HttpRequest, entries: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
        """Return the entries within the amounts, or `entries` itself if none were given."""
        found: QuerySet[LedgerEntry] | None = super().queryset(request, entries)
        return found if found is not None and any(self.used_parameters.values()) else entries


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
