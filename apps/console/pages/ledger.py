"""The ledger in the back office: found, exported, and undone by reversals through the service."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, RangeNumericFilter

from apps.accounts import audit
from apps.accounts.models import AuditAction, User
from apps.console.framework.confirmed_steps import Preview, ReasonForm, Step, take_step
from apps.console.framework.day_filter import DayFilter
from apps.console.framework.display import NOTHING, badge, link, show_moment, show_money, show_number, show_phone
from apps.console.framework.keyset_list import KeysetList
from apps.console.framework.role_admin import RoleAdmin
from apps.console.pages.ledger_filters import PhoneFilter
from apps.console.panels import money as console
from apps.core.database import replica
from apps.transactions.entries import selectors, services
from apps.transactions.entries.export import stream_entries
from apps.transactions.models import EntryType, LedgerEntry, Wallet


class LedgerList(KeysetList):
    """The ledger, newest first."""

    def get_results(self, request: HttpRequest) -> None:
        replica.read(lambda: super(LedgerList, self).get_results(request))


@admin.register(LedgerEntry)
class LedgerEntryAdmin(RoleAdmin):
    change_list_template = "console/ledger.html"
    change_form_outer_before_template = "admin/steps.html"
    list_display = (
        "moved_at", "seller_link", "shown_sequence", "shown_type", "shown_amount", "shown_balance", "phone",
        "reversed",
    )  # fmt: skip
    list_filter = (
        ("seller", AutocompleteSelectFilter), ("type", ChoicesDropdownFilter), ("created_at", DayFilter),
        ("amount", RangeNumericFilter), PhoneFilter,
    )  # fmt: skip
    sortable_by = ()
    list_disable_select_all = True
    actions = ("reverse",)
    fields = (
        "moved_at", "seller_link", "shown_sequence", "shown_type", "shown_amount", "shown_balance_before",
        "shown_balance",
        "phone", "debit_account", "credit_account", "request_link", "reverses_link", "reversed",
        "idempotency_key", "description", "created_by", "entry_id",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerEntry]:
        return selectors.list_entries().select_related("seller")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LedgerList

    def get_urls(self) -> list[URLPattern]:
        export = path("export/", self.admin_site.admin_view(self.export), name="transactions_ledgerentry_export")
        return [export, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        address = f"{reverse('admin:transactions_ledgerentry_export')}?{request.GET.urlencode()}"
        try:
            return super().changelist_view(request, {**(extra_context or {}), "export_address": address})
        except OperationalError:
            if not request.GET:
                raise
            messages.error(request, _("That takes too long to find. Name a seller, a phone number or days as well."))
            return HttpResponseRedirect(request.path)

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """Stream all entries that the list's filters leave, in the form that the API exports."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_changelist_instance(request)
        user = cast("User", request.user)
        audit.record(AuditAction.EXPORT_LEDGER, actor_id=user.pk, detail=request.GET.urlencode())
        return stream_entries(selectors.iterate_entries(found.queryset), filename="transactions.csv")

    @admin.display(description=gettext_lazy("id"))
    def entry_id(self, entry: LedgerEntry) -> str:
        return str(entry.pk)

    @admin.display(description=gettext_lazy("Time"))
    def moved_at(self, entry: LedgerEntry) -> str:
        return show_moment(entry.created_at)

    @admin.display(description=gettext_lazy("Seller"))
    def seller_link(self, entry: LedgerEntry) -> SafeString:
        return link(reverse("admin:accounts_seller_change", args=[entry.seller_id]), entry.seller.company_name)

    @admin.display(description=gettext_lazy("sequence"))
    def shown_sequence(self, entry: LedgerEntry) -> str:
        return show_number(entry.sequence)

    @admin.display(description=gettext_lazy("Type"))
    def shown_type(self, entry: LedgerEntry) -> SafeString:
        return badge(entry.get_type_display(), console.TYPE_KINDS[entry.type])

    @admin.display(description=gettext_lazy("Amount"))
    def shown_amount(self, entry: LedgerEntry) -> str:
        return show_money(entry.amount)

    @admin.display(description=gettext_lazy("Balance before"))
    def shown_balance_before(self, entry: LedgerEntry) -> str:
        return show_money(entry.balance_before)

    @admin.display(description=gettext_lazy("Balance after"))
    def shown_balance(self, entry: LedgerEntry) -> str:
        return show_money(entry.balance_after)

    @admin.display(description=gettext_lazy("Phone number"))
    def phone(self, entry: LedgerEntry) -> str:
        return show_phone(entry.phone_number)

    @admin.display(description=gettext_lazy("Reversed by"))
    def reversed(self, entry: Any) -> str:
        if entry.reversed_by_id is None:
            return NOTHING
        return link(reverse("admin:transactions_ledgerentry_change", args=[entry.reversed_by_id]), _("a reversal"))

    @admin.display(description=gettext_lazy("Reverses"))
    def reverses_link(self, entry: LedgerEntry) -> str:
        if entry.reverses_id is None:
            return NOTHING
        return link(reverse("admin:transactions_ledgerentry_change", args=[entry.reverses_id]), entry.reverses_id)

    @admin.display(description=gettext_lazy("Credit request"))
    def request_link(self, entry: LedgerEntry) -> str:
        if entry.credit_request_id is None:
            return NOTHING
        address = reverse("admin:credit_requests_creditrequest_change", args=[entry.credit_request_id])
        return link(address, entry.credit_request_id)

    def shown_name(self, row: LedgerEntry) -> str:
        return f"{row.get_type_display()} {show_money(row.amount)}"

    def offers_step(self, name: str, row: Any) -> bool:
        return row.type != EntryType.REVERSAL and row.reversed_by_id is None

    @admin.action(description=gettext_lazy("Reverse"), permissions=["administer"])
    def reverse(self, request: HttpRequest, queryset: QuerySet[LedgerEntry]) -> HttpResponse:
        admin_user = cast("User", request.user)
        step = Step(
            title=_("Reverse entries"),
            button=_("Reverse"),
            run=lambda row, answers: services.reverse_entry(
                entry_id=row.pk, reason=answers["reason"], reversed_by_id=admin_user.pk
            ),
            form_class=ReasonForm,
            is_dangerous=True,
            preview=_preview_reversal,
        )
        return take_step(self, request, queryset, step)


def _preview_reversal(rows: Sequence[LedgerEntry]) -> Preview:
    """Show what each reversal does to the balance as it is now; several of one seller add up."""
    sellers = {row.seller_id for row in rows}
    balances = dict(Wallet.objects.filter(pk__in=sellers).values_list("pk", "balance"))
    cells = []
    for row in rows:
        before = balances[row.seller_id]
        balances[row.seller_id] = before + row.balance_before - row.balance_after
        amounts = (row.amount, before, balances[row.seller_id])
        cells.append((row.seller.company_name, show_phone(row.phone_number), *map(show_money, amounts)))
    columns = (_("Seller"), _("Phone number"), _("Amount"), _("Balance before"), _("Balance after"))
    return Preview(columns, cells)
