"""Credit requests, decided by the same services as in the API, never by a form."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Seller, User
from apps.console.framework.columns import column
from apps.console.framework.confirmed_steps import Answers, Preview, ReasonForm, Step, StepForm, Waits, step_action
from apps.console.framework.display import copyable, show_age, show_moment, show_money, show_number
from apps.console.framework.links import entry_link, seller_link
from apps.console.framework.range_filters import DayFilter
from apps.console.framework.readable_filters import ChoiceFilter, RowFilter
from apps.console.framework.role_admin import RoleAdmin
from apps.console.panels.credit_requests import shown_status
from apps.core.values.money import ZERO
from apps.credit_requests import selectors, services
from apps.credit_requests.models import OPEN_STATUSES, CreditRequest
from apps.credit_requests.review import Outcome, foretell_approvals

OUTCOMES = {
    Outcome.CREDITED: _("credited now"),
    Outcome.WAITS: _("waits for a colleague"),
    Outcome.APPROVED_BEFORE: _("waits for a colleague: you approved it first"),
    Outcome.OWN: _("left out: you filed it"),
    Outcome.DECIDED: _("left out: decided already"),
}


class StateFilter(admin.SimpleListFilter):
    """Requests that wait for a decision, first or second approval alike."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        return (("open", _("Waiting for a decision")), ("decided", _("Decided")))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        waiting = sorted(OPEN_STATUSES)
        if self.value() == "open":
            return queryset.filter(status__in=waiting)
        return queryset.exclude(status__in=waiting) if self.value() == "decided" else queryset


class CreditRequestList(ChangeList):
    """A list that reads the history of all its sellers in one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        histories = selectors.count_by_status({row.seller_id for row in self.result_list})
        for row in self.result_list:
            row.history_counts = histories.get(row.seller_id, {})


def _history(row: Any) -> str:
    return gettext("%(approved)s approved, %(rejected)s rejected") % {
        "approved": show_number(row.history_counts.get("approved", 0)),
        "rejected": show_number(row.history_counts.get("rejected", 0)),
    }


def _tally(credited: int, waiting: int) -> str:
    numbers = {"credited": show_number(credited), "waiting": show_number(waiting)}
    text = ngettext(
        "%(credited)s credited, %(waiting)s waits for a colleague",
        "%(credited)s credited, %(waiting)s wait for a colleague",
        waiting,
    )
    return text % numbers


def _preview_approval(rows: Sequence[CreditRequest], user: User) -> Preview:
    """Show what each approval adds now. Several requests of one seller add up; one that waits or is decided adds 0."""
    outcomes = foretell_approvals(rows, user)
    balances = {row.seller_id: row.seller.wallet.balance for row in rows}
    cells, total = [], ZERO
    for row, outcome in zip(rows, outcomes, strict=True):
        before = balances[row.seller_id]
        added = row.amount if outcome is Outcome.CREDITED else ZERO
        balances[row.seller_id] = before + added
        total += added
        words = (OUTCOMES[outcome], row.get_status_display(), row.seller.get_status_display())
        cells.append((show_money(row.amount), *words, show_money(before), show_money(before + added)))
    columns = (
        *(_("Amount"), _("Outcome"), _("Status"), _("Status of the seller")),
        *(_("Balance before"), _("Balance after")),
    )
    credited, waiting = outcomes.count(Outcome.CREDITED), outcomes.count(Outcome.WAITS)
    return Preview(
        columns,
        cells,
        ((_("Credited now"), show_money(total)), (_("Sellers"), len(balances))),
        taken=[outcome in (Outcome.CREDITED, Outcome.WAITS) for outcome in outcomes],
        tally=_tally(credited, waiting) if waiting else "",
    )


def _preview_rejection(rows: Sequence[CreditRequest], user: User) -> Preview:
    cells = [(show_money(row.amount), row.get_status_display()) for row in rows]
    total = sum((row.amount for row in rows if row.is_open), ZERO)
    sellers = len({row.seller_id for row in rows})
    return Preview((_("Amount"), _("Status")), cells, ((_("Total"), show_money(total)), (_("Sellers"), sellers)))


class ApprovalForm(StepForm):
    """A box to tick for each status of these sellers that does not let them sell."""

    def __init__(self, data: Any = None, *, rows: Sequence[CreditRequest]) -> None:
        super().__init__(data, rows=rows)
        for status in sorted({row.seller.status for row in rows} - {Seller.Status.ACTIVE.value}):
            label = gettext("A seller is %(status)s. Approve anyway.") % {"status": Seller.Status(status).label.lower()}
            self.fields[f"confirm_{status}"] = forms.BooleanField(label=label)


def _approve(row: CreditRequest, user: User, answers: Answers) -> Waits | None:
    """Approve; what the form asked about is known to the user, a status that the seller has since taken is not."""
    status = row.seller.status
    approved = services.approve_credit_request(
        credit_request_id=row.pk, approved_by=user, confirm_status=status if f"confirm_{status}" in answers else None
    )
    return Waits() if approved.is_open else None


def _waiting_notice(row: CreditRequest, user: User) -> str:
    if row.first_approved_by_id == user.pk:
        text = gettext(
            "Waits for a second person: you approved it first, %(moment)s. Another approver must approve it."
        )
    else:
        text = gettext("Waits for a second person: %(who)s approved it first, %(moment)s. Your approval credits it.")
    return text % {"who": row.first_approved_by, "moment": show_moment(row.first_approved_at)}


APPROVE = Step(
    title=_("Approve credit requests"),
    button=_("Approve"),
    run=_approve,
    preview=_preview_approval,
    waits=_("Approved by you first. Nothing is credited yet: another approver must approve it too."),
    tally=_tally,
    form_class=ApprovalForm,
    moves_money=True,
)
REJECT = Step(
    title=_("Reject credit requests"),
    button=_("Reject"),
    run=lambda row, user, answers: services.reject_credit_request(
        credit_request_id=row.pk, rejected_by=user, reason=answers["reason"]
    ),
    preview=_preview_rejection,
    form_class=ReasonForm,
    is_dangerous=True,
)


@admin.register(CreditRequest)
class CreditRequestAdmin(RoleAdmin):
    list_display = ("seller_link", "shown_amount", "shown_status", "age", "balance", "history", "requested_by", "note")
    list_select_related = ("seller__wallet", "requested_by", "first_approved_by")
    list_filter = (StateFilter, ("status", ChoiceFilter), ("seller", RowFilter), ("requested_at", DayFilter))
    list_display_links = ("shown_amount",)
    search_fields = ("seller__company_name", "seller__email", "note", "requested_by__username")
    search_help_text = _("Company, email, note or who asked")
    actions = ("approve", "reject")
    change_form_outer_before_template = "admin/steps.html"
    fields = (
        "seller_link", "shown_amount", "shown_status", "note", "balance", "requested_by", "asked_at",
        "first_approved_by", "processed_by", "decided_at", "rejection_reason", "entry_link", "copied_id",
    )  # fmt: skip
    readonly_fields = (
        "seller_link", "shown_amount", "shown_status", "balance", "asked_at", "decided_at", "entry_link", "copied_id",
    )  # fmt: skip

    seller_link = column(
        _("Seller"), lambda row: seller_link(row.seller_id, row.seller.company_name), "seller__company_name"
    )
    shown_amount = column(_("Amount"), lambda row: show_money(row.amount), "amount")
    shown_status = column(_("Status"), shown_status, "status")
    age = column(_("Age"), lambda row: show_age(row.requested_at), "id")
    balance = column(_("Balance"), lambda row: show_money(row.seller.wallet.balance), "seller__wallet__balance")
    history = column(_("History"), _history)
    copied_id = column(_("id"), lambda row: copyable(row.pk))
    asked_at = column(_("Requested at"), lambda row: show_moment(row.requested_at))
    decided_at = column(_("Decided at"), lambda row: show_moment(row.processed_at))
    entry_link = column(_("Ledger entry"), lambda row: entry_link(row.entry_id))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CreditRequestList

    def get_queryset(self, request: HttpRequest) -> QuerySet[CreditRequest]:
        own = super().get_queryset(request).filter(seller__wallet=F("seller_id"))  # each shard joins its own rows
        return own.select_related("seller__wallet", "requested_by", "first_approved_by")

    def shown_name(self, row: CreditRequest) -> str:
        return f"{row.seller.company_name} · {show_money(row.amount)}"

    approve = step_action(APPROVE, "approve")
    reject = step_action(REJECT, "approve")

    def offers_step(self, name: str, row: CreditRequest, user: User) -> bool:
        return row.is_open and not (name == "approve" and row.first_approved_by_id == user.pk)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Say of a request that waits for a second approver who was the first."""
        row = kwargs["obj"]
        if row is not None and row.status == CreditRequest.Status.AWAITING_SECOND_APPROVAL:
            context["notice"] = _waiting_notice(row, cast("User", request.user))
        return super().render_change_form(request, context, *args, **kwargs)
