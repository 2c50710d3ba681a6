"""Money in the back office: to be read, never written. What moves money are services."""

from typing import cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts import audit
from apps.accounts.models import AuditAction, User
from apps.accounts.roles import AUDITORS
from apps.console.framework.display import link, show_date, show_moment, show_money, show_number
from apps.console.framework.role_admin import RoleAdmin
from apps.console.panels import money as console
from apps.transactions.models import ReconciliationRun, Wallet
from apps.transactions.reconciliation import reconcile as reconciliation
from apps.transactions.reconciliation import runs as reconciliation_runs


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

    def shown_name(self, row: Wallet) -> str:
        return row.seller.company_name

    @admin.display(description=gettext_lazy("Seller"), ordering="seller__company_name")
    def seller_link(self, wallet: Wallet) -> SafeString:
        return link(reverse("admin:accounts_seller_change", args=[wallet.pk]), wallet.seller.company_name)

    @admin.display(description=gettext_lazy("Balance"), ordering="balance")
    def shown_balance(self, wallet: Wallet) -> str:
        return show_money(wallet.balance)

    @admin.display(description=gettext_lazy("sequence"), ordering="sequence")
    def shown_sequence(self, wallet: Wallet) -> str:
        return show_number(wallet.sequence)

    @admin.display(description=gettext_lazy("last day of sales"), ordering="spent_on")
    def last_day(self, wallet: Wallet) -> str:
        return show_date(wallet.spent_on)

    @admin.display(description=gettext_lazy("Spent that day"), ordering="spent_today")
    def shown_spent(self, wallet: Wallet) -> str:
        return show_money(wallet.spent_today)

    @admin.display(description=gettext_lazy("Last entry"), ordering="last_entry_at")
    def last_moved(self, wallet: Wallet) -> str:
        return show_moment(wallet.last_entry_at)

    @admin.action(description=gettext_lazy("Reconcile"), permissions=["view"])
    def reconcile(self, request: HttpRequest, queryset: QuerySet[Wallet]) -> HttpResponse:
        """Compare balances with the ledger and say the verdicts; changes nothing."""
        user = cast("User", request.user)
        for wallet in queryset.select_related("seller")[:20]:
            found = reconciliation.reconcile_seller(wallet.pk)
            say = messages.success if found.is_reconciled else messages.error
            said = {
                "seller": found.company_name,
                "current": show_money(found.current_balance),
                "calculated": show_money(found.calculated_balance),
                "entries": show_number(found.total_transactions),
            }
            text = _("%(seller)s: balance %(current)s, ledger %(calculated)s, %(entries)s entries.") % said
            verdict = _("They agree.") if found.is_reconciled else _("They DO NOT AGREE.")
            say(request, f"{text} {verdict}")
            detail = reconciliation_runs.verdict(is_reconciled=found.is_reconciled)
            audit.record(AuditAction.RECONCILE, wallet.seller, actor_id=user.pk, detail=detail)
        return HttpResponseRedirect(self.way_back(request))


@admin.register(ReconciliationRun)
class ReconciliationRunAdmin(RoleAdmin):
    may_view = AUDITORS
    change_list_template = "console/reconciliations.html"
    list_display = ("ran_at", "verdict", "checked", "differing", "chain_verified", "took", "run_by")
    list_select_related = ("run_by",)
    fields = (*list_display, "shown_total")
    readonly_fields = ("ran_at", "verdict", "checked", "differing", "took", "shown_total")

    def get_urls(self) -> list[URLPattern]:
        run = path("run/", self.admin_site.admin_view(self.run), name="transactions_reconciliationrun_run")
        return [run, *super().get_urls()]

    def shown_name(self, row: ReconciliationRun) -> str:
        return show_moment(row.at)

    def run(self, request: HttpRequest) -> HttpResponseBase:
        """Reconcile all sellers now and keep the verdict."""
        if not self.has_audit_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        found = reconciliation_runs.run_reconciliation(run_by_id=cast("User", request.user).pk)
        say = messages.success if found.is_reconciled else messages.error
        say(request, _("Balances and ledger agree.") if found.is_reconciled else _("They DO NOT AGREE."))
        return HttpResponseRedirect(reverse("admin:transactions_reconciliationrun_changelist"))

    @admin.display(description=gettext_lazy("Time"), ordering="id")
    def ran_at(self, run: ReconciliationRun) -> str:
        return show_moment(run.at)

    @admin.display(description=gettext_lazy("sellers checked"))
    def checked(self, run: ReconciliationRun) -> str:
        return show_number(run.sellers_checked)

    @admin.display(description=gettext_lazy("discrepancies"))
    def differing(self, run: ReconciliationRun) -> str:
        return show_number(run.discrepancies)

    @admin.display(description=gettext_lazy("seconds"))
    def took(self, run: ReconciliationRun) -> str:
        return show_number(run.seconds)

    @admin.display(description=gettext_lazy("trial balance"))
    def shown_total(self, run: ReconciliationRun) -> str:
        return show_money(run.trial_balance_total)

    @admin.display(description=gettext_lazy("Verdict"))
    def verdict(self, run: ReconciliationRun) -> str:
        return console.verdict(run)
