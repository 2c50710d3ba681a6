"""Filters of the ledger's list."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import TextFilter

from apps.core.values.phones import normalize_mobile
from apps.transactions.models import LedgerEntry


class PhoneFilter(TextFilter):  # type: ignore[misc]  # the theme has no types
    """One phone number, national or international; matched exactly, as the index requires."""

    title = _("phone number")
    parameter_name = "phone"

    def queryset(self, request: HttpRequest, queryset: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
        if not self.value():
            return queryset
        try:
            return queryset.filter(phone_number=normalize_mobile(str(self.value()).strip()))
        except ValueError:
            return queryset.none()
