"""Wallets and reconciliation runs: read here, written by services only."""

from typing import cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts import audit
from apps.accounts.models import AuditAction, User
from apps.accounts.roles import AUDITORS
from apps.console.framework.columns import column
from apps.console.framework.display import show_date, show_moment, show_money, show_number
from apps.console.framework.links import list_address, seller_link
from apps.console.framework.role_admin import RoleAdmin
from apps.console.panels.money import verdict
from apps.transactions.models import ReconciliationRun, Wallet
from apps.transactions.reconciliation import runs
from apps.transactions.reconciliation.reconcile import reconcile_seller

MOST_RECONCILED = 20


@admin.register(Wallet)
class WalletAdmin(RoleAdmin):
    list_display = ("seller_link", "shown_balance", "shown_sequence", "last_moved", "last_day", "shown_spent")
    list_display_links = ("shown_balance",)
    list_select_related = ("seller",)
    search_fields = ("seller__company_name", "seller__email")
    ordering = ("-pk",)
    actions = ("reconcile",)
    fields = list_display
    readonly_fields = fields

    seller_link = column(_("Seller"), lambda row: seller_link(row.pk, row.seller), "seller__company_name")
    shown_balance = column(_("Balance"), lambda row: show_money(row.balance), "balance")
    shown_sequence = column(_("sequence"), lambda row: show_number(row.sequence), "sequence")
    last_day = column(_("last day of sales"), lambda row: show_date(row.spent_on), "spent_on")
    shown_spent = column(_("Spent that day"), lambda row: show_money(row.spent_today), "spent_today")
    last_moved = column(_("Last entry"), lambda row: show_moment(row.last_entry_at), "last_entry_at")

    def shown_name(self, row: Wallet) -> str:
        return row.seller.company_name

    @admin.action(description=_("Reconcile"), permissions=["view"])
    def reconcile(self, request: HttpRequest, queryset: QuerySet[Wallet]) -> HttpResponse:
        """Compare balances with the ledger and report the verdicts; change nothing."""
        for wallet in queryset.select_related("seller")[:MOST_RECONCILED]:
            found = reconcile_seller(wallet.pk)
            say = messages.success if found.is_reconciled else messages.error
            values = {
                "seller": found.company_name,
                "current": show_money(found.current_balance),
                "calculated": show_money(found.calculated_balance),
                "entries": show_number(found.total_transactions),
            }
            text = gettext("%(seller)s: balance %(current)s, ledger %(calculated)s, %(entries)s entries.") % values
            verdict = gettext("They agree.") if found.is_reconciled else gettext("They DO NOT AGREE.")
            say(request, f"{text} {verdict}")
            detail = runs.verdict(is_reconciled=found.is_reconciled)
            audit.record(AuditAction.RECONCILE, wallet.seller, actor_id=cast("User", request.user).pk, detail=detail)
        return HttpResponseRedirect(self.way_back(request))


@admin.register(ReconciliationRun)
class ReconciliationRunAdmin(RoleAdmin):
    may_view = AUDITORS
    change_list_template = "console/reconciliations.html"
    list_display = ("ran_at", "verdict", "checked", "differing", "chain_verified", "took", "run_by")
    list_select_related = ("run_by",)
    fields = (*list_display, "shown_total")
    readonly_fields = ("ran_at", "verdict", "checked", "differing", "took", "shown_total")

    ran_at = column(_("Time"), lambda row: show_moment(row.at), "id")
    checked = column(_("sellers checked"), lambda row: show_number(row.sellers_checked))
    differing = column(_("discrepancies"), lambda row: show_number(row.discrepancies))
    took = column(_("seconds"), lambda row: show_number(row.seconds))
    shown_total = column(_("trial balance"), lambda row: show_money(row.trial_balance_total))
    verdict = column(_("Verdict"), verdict)

    def get_urls(self) -> list[URLPattern]:
        run = path("run/", self.admin_site.admin_view(self.run), name="transactions_reconciliationrun_run")
        return [run, *super().get_urls()]

    def shown_name(self, row: ReconciliationRun) -> str:
        return show_moment(row.at)

    def run(self, request: HttpRequest) -> HttpResponseBase:
        """Reconcile all sellers now and record the run."""
        if not self.has_audit_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        found = runs.run_reconciliation(run_by_id=cast("User", request.user).pk)
        say = messages.success if found.is_reconciled else messages.error
        say(request, gettext("Balances and ledger agree.") if found.is_reconciled else gettext("They DO NOT AGREE."))
        return HttpResponseRedirect(list_address("transactions_reconciliationrun"))
