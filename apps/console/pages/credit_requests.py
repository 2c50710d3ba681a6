"""Credit requests in the back office: decided by the same services as in the API, never by a form."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.console.framework.confirmed_steps import Preview, ReasonForm, Step, take_step
from apps.console.framework.display import NOTHING, link, show_age, show_moment, show_money, show_number
from apps.console.framework.role_admin import RoleAdmin
from apps.console.panels import credit_requests as console
from apps.core.values.money import ZERO
from apps.credit_requests import selectors, services
from apps.credit_requests.models import OPEN_STATUSES, CreditRequest


class StateFilter(admin.SimpleListFilter):
    """All that wait for a decision, whichever approval they lack."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        return (("open", gettext_lazy("Waiting for a decision")), ("decided", gettext_lazy("Decided")))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        waiting = sorted(OPEN_STATUSES)
        if self.value() == "open":
            return queryset.filter(status__in=waiting)
        return queryset.exclude(status__in=waiting) if self.value() == "decided" else queryset


class CreditRequestList(ChangeList):
    """The list, which reads the history of all sellers on the page in one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        histories = selectors.count_by_status({row.seller_id for row in self.result_list})
        for row in self.result_list:
            row.history_counts = histories.get(row.seller_id, {})


@admin.register(CreditRequest)
class CreditRequestAdmin(RoleAdmin):
    list_display = ("seller_link", "shown_amount", "shown_status", "age", "balance", "history", "requested_by", "note")
    list_select_related = ("seller__wallet", "requested_by")
    list_filter = (StateFilter, "status", "requested_at")
    list_display_links = ("shown_amount",)
    date_hierarchy = "requested_at"
    search_fields = ("seller__company_name", "seller__email", "note", "requested_by__username")
    search_help_text = gettext_lazy("Company, email, note or who asked")
    actions = ("approve", "reject")
    change_form_outer_before_template = "admin/steps.html"
    fields = (
        "seller_link", "shown_amount", "shown_status", "note", "balance", "requested_by", "asked_at",
        "first_approved_by", "processed_by", "decided_at", "rejection_reason", "entry_link",
    )  # fmt: skip
    readonly_fields = ("seller_link", "shown_amount", "shown_status", "balance", "asked_at", "decided_at", "entry_link")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CreditRequestList

    def get_queryset(self, request: HttpRequest) -> QuerySet[CreditRequest]:
        return super().get_queryset(request).select_related("seller__wallet", "requested_by")

    @admin.display(description=gettext_lazy("Seller"), ordering="seller__company_name")
    def seller_link(self, row: CreditRequest) -> SafeString:
        return link(reverse("admin:accounts_seller_change", args=[row.seller_id]), row.seller.company_name)

    @admin.display(description=gettext_lazy("Amount"), ordering="amount")
    def shown_amount(self, row: CreditRequest) -> str:
        return show_money(row.amount)

    @admin.display(description=gettext_lazy("Status"), ordering="status")
    def shown_status(self, row: CreditRequest) -> str:
        return console.shown_status(row)

    @admin.display(description=gettext_lazy("Age"), ordering="id")
    def age(self, row: CreditRequest) -> str:
        return show_age(row.requested_at)

    @admin.display(description=gettext_lazy("Balance"), ordering="seller__wallet__balance")
    def balance(self, row: CreditRequest) -> str:
        return show_money(row.seller.wallet.balance)

    @admin.display(description=gettext_lazy("History"))
    def history(self, row: Any) -> str:
        counts = row.history_counts
        return _("%(approved)s approved, %(rejected)s rejected") % {
            "approved": show_number(counts.get("approved", 0)),
            "rejected": show_number(counts.get("rejected", 0)),
        }

    @admin.display(description=gettext_lazy("Requested at"))
    def asked_at(self, row: CreditRequest) -> str:
        return show_moment(row.requested_at)

    @admin.display(description=gettext_lazy("Decided at"))
    def decided_at(self, row: CreditRequest) -> str:
        return show_moment(row.processed_at)

    @admin.display(description=gettext_lazy("Ledger entry"))
    def entry_link(self, row: CreditRequest) -> str:
        if row.entry_id is None:
            return NOTHING
        return link(reverse("admin:transactions_ledgerentry_change", args=[row.entry_id]), row.entry_id)

    def shown_name(self, row: CreditRequest) -> str:
        return f"{row.seller.company_name} · {show_money(row.amount)}"

    def offers_step(self, name: str, row: CreditRequest) -> bool:
        return row.is_open

    @admin.action(description=gettext_lazy("Approve"), permissions=["approve"])
    def approve(self, request: HttpRequest, queryset: QuerySet[CreditRequest]) -> HttpResponse:
        approver = cast("User", request.user)
        step = Step(
            title=_("Approve credit requests"),
            button=_("Approve"),
            run=lambda row, answers: services.approve_credit_request(credit_request_id=row.pk, approved_by=approver),
            preview=_preview_approval,
        )
        return take_step(self, request, queryset, step)

    @admin.action(description=gettext_lazy("Reject"), permissions=["approve"])
    def reject(self, request: HttpRequest, queryset: QuerySet[CreditRequest]) -> HttpResponse:
        rejecter = cast("User", request.user)
        step = Step(
            title=_("Reject credit requests"),
            button=_("Reject"),
            run=lambda row, answers: services.reject_credit_request(
                credit_request_id=row.pk, rejected_by=rejecter, reason=answers["reason"]
            ),
            form_class=ReasonForm,
            is_dangerous=True,
            preview=_preview_rejection,
        )
        return take_step(self, request, queryset, step)


def _preview_approval(rows: Sequence[CreditRequest]) -> Preview:
    """Show what each approval adds. Several requests of one seller add up; decided ones add nothing."""
    balances = {row.seller_id: row.seller.wallet.balance for row in rows}
    cells, total = [], ZERO
    for row in rows:
        before = balances[row.seller_id]
        added = row.amount if row.is_open else ZERO
        balances[row.seller_id] = before + added
        total += added
        cells.append((show_money(row.amount), row.get_status_display(), show_money(before), show_money(before + added)))
    columns = (_("Amount"), _("Status"), _("Balance before"), _("Balance after"))
    return Preview(columns, cells, _summary(total, len(balances)))


def _preview_rejection(rows: Sequence[CreditRequest]) -> Preview:
    cells = [(show_money(row.amount), row.get_status_display()) for row in rows]
    total = sum((row.amount for row in rows if row.is_open), ZERO)
    return Preview((_("Amount"), _("Status")), cells, _summary(total, len({row.seller_id for row in rows})))


def _summary(total: Decimal, sellers: int) -> Sequence[tuple[str, object]]:
    return ((_("Total"), show_money(total)), (_("Sellers"), sellers))
