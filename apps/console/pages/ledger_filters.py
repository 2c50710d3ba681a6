"""Filters of the ledger's list."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import TextFilter

from apps.core.values.phones import normalize_mobile
from apps.transactions.models import LedgerEntry

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
