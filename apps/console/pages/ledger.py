"""The ledger: filters, export, and reversals through the service."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.text import slugify
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.accounts import audit
from apps.accounts.models import AuditAction, User
from apps.accounts.proposals.services import open_proposals
from apps.console.framework.columns import column
from apps.console.framework.confirmed_steps import Preview, ReasonForm, Step, step_action
from apps.console.framework.display import NOTHING, copyable, show_moment, show_money, show_number, show_phone
from apps.console.framework.filters_in_use import filters_in_use, unreadable_filters
from apps.console.framework.keyset_list import AFTER, BEFORE, KeysetList
from apps.console.framework.links import entry_link, request_link, seller_link
from apps.console.framework.range_filters import AmountFilter, DayFilter
from apps.console.framework.readable_filters import ChoiceFilter, RowFilter, renamed
from apps.console.framework.role_admin import RoleAdmin
from apps.console.framework.words import entry_title
from apps.console.pages.ledger_filters import PhoneFilter, shown_tally, tally_of
from apps.console.panels.money import moved, type_badge
from apps.core.database import replica
from apps.transactions.entries import selectors, services
from apps.transactions.entries.export import stream_entries
from apps.transactions.entries.review import Outcome, foretell_reversals
from apps.transactions.models import EntryType, LedgerEntry, Wallet

LONGEST_NAME = 120
OUTCOMES = {
    Outcome.REVERSED: _("reversed now"),
    Outcome.WAITS: _("waits for a colleague"),
    Outcome.PROPOSED_BEFORE: _("waits for a colleague: you proposed it"),
    None: _("left out: reversed already"),
}
TOO_LONG = _("That takes too long to find. Name a seller, a phone number or days as well.")


class LedgerList(KeysetList):
    """Entries, newest first, read from the replica, with their number and amount if they are filtered."""

    tally = ""

    def get_results(self, request: HttpRequest) -> None:
        replica.read(lambda: super(LedgerList, self).get_results(request))
        if not unreadable_filters(self) and (tally := tally_of(request, self.queryset)):
            self.tally = shown_tally(tally)


def _is_reversible(row: Any) -> bool:
    return row.type != EntryType.REVERSAL and row.reversed_by_id is None


def _preview_reversal(rows: Sequence[LedgerEntry], user: User) -> Preview:
    """Show what each reversal does to the balance as it is now, added up per seller; one that waits does nothing."""
    sellers = {row.seller_id for row in rows}
    balances = dict(Wallet.objects.filter(pk__in=sellers).values_list("pk", "balance"))
    foretold = dict(zip(_reversible(rows), foretell_reversals(_reversible(rows), user.pk), strict=True))
    cells = []
    for row in rows:
        before = balances[row.seller_id]
        if foretold.get(row) is Outcome.REVERSED:
            balances[row.seller_id] = before + row.balance_before - row.balance_after
        words = (row.seller.company_name, show_phone(row.phone_number), OUTCOMES[foretold.get(row)])
        cells.append((*words, *map(show_money, (row.amount, before, balances[row.seller_id]))))
    columns = (
        *(_("Seller"), _("Phone number"), _("Outcome")),
        *(_("Amount"), _("Balance before"), _("Balance after")),
    )
    outcomes = [*foretold.values()]
    done, waiting = outcomes.count(Outcome.REVERSED), outcomes.count(Outcome.WAITS)
    taken = [foretold.get(row) in (Outcome.REVERSED, Outcome.WAITS) for row in rows]
    return Preview(columns, cells, _proposed(rows), taken=taken, tally=_tally(done, waiting) if waiting else "")


def _reversible(rows: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    return [row for row in rows if _is_reversible(row)]


def _tally(done: int, waiting: int) -> str:
    numbers = {"reversed": show_number(done), "waiting": show_number(waiting)}
    text = ngettext(
        "%(reversed)s reversed, %(waiting)s waits for a colleague",
        "%(reversed)s reversed, %(waiting)s wait for a colleague",
        waiting,
    )
    return text % numbers


def _proposed(rows: Sequence[LedgerEntry]) -> Sequence[tuple[Any, object]]:
    """Name those who have proposed the reversal of one of these entries."""
    found = open_proposals().filter(subject_id__in=[str(row.pk) for row in rows]).select_related("proposed_by")
    names = sorted({proposal.proposed_by.username for proposal in found})
    return ((_("Proposed by"), ", ".join(names)),) if names else ()


REVERSE = Step(
    title=_("Reverse entries"),
    button=_("Reverse"),
    run=lambda row, user, answers: services.reverse_entry(
        entry_id=row.pk, reason=answers["reason"], reversed_by_id=user.pk
    ),
    preview=_preview_reversal,
    tally=_tally,
    form_class=ReasonForm,
    is_dangerous=True,
    moves_money=True,
)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(RoleAdmin):
    change_list_template = "console/ledger.html"
    change_form_outer_before_template = "admin/steps.html"
    list_display = (
        "moved_at", "seller_link", "shown_sequence", "shown_type", "shown_amount", "shown_balance", "phone",
        "reversed",
    )  # fmt: skip
    list_filter = (
        ("seller", RowFilter), ("type", ChoiceFilter), ("created_at", DayFilter),
        ("amount", AmountFilter), PhoneFilter,
    )  # fmt: skip
    sortable_by = ()
    list_disable_select_all = True
    actions = ("reverse",)
    fields = (
        "moved_at", "seller_link", "shown_sequence", "shown_type", "shown_amount", "shown_balance_before",
        "shown_balance", "phone", "debit_account", "credit_account", "request_link", "reverses_link", "reversed",
        "copied_key", "operator", "shown_face_value", "description", "created_by", "entry_id",
    )  # fmt: skip
    readonly_fields = fields

    entry_id = column(_("id"), lambda row: copyable(row.pk))
    copied_key = column(_("idempotency key"), lambda row: copyable(row.idempotency_key))
    moved_at = column(_("Time"), lambda row: show_moment(row.created_at))
    seller_link = column(_("Seller"), lambda row: seller_link(row.seller_id, row.seller.company_name))
    shown_sequence = column(_("sequence"), lambda row: show_number(row.sequence))
    shown_type = column(_("Type"), type_badge)
    shown_amount = column(_("Amount"), lambda row: show_money(moved(row), is_signed=True))
    shown_face_value = column(_("Face value"), lambda row: show_money(row.worth) if row.operator else NOTHING)
    shown_balance_before = column(_("Balance before"), lambda row: show_money(row.balance_before))
    shown_balance = column(_("Balance after"), lambda row: show_money(row.balance_after))
    phone = column(_("Phone number"), lambda row: show_phone(row.phone_number))
    reversed = column(_("Reversed by"), lambda row: entry_link(row.reversed_by_id, gettext("a reversal")))
    reverses_link = column(_("Reverses"), lambda row: entry_link(row.reverses_id))
    request_link = column(_("Credit request"), lambda row: request_link(row.credit_request_id))

    reverse = step_action(REVERSE, "administer")

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
            others = [(name, value) for name, value in request.GET.items() if name not in ("phone", BEFORE, AFTER)]
            context = {"export_address": address, "other_filters": others}
            return super().changelist_view(request, {**(extra_context or {}), **context})
        except OperationalError:
            if not request.GET:
                raise
            messages.error(request, TOO_LONG)
            return HttpResponseRedirect(request.path)

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """Stream the entries that the list's filters leave, in the format of the API's export."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if (query := renamed(request.GET)) is not None:
            return HttpResponseRedirect(f"{request.path}?{query}")
        found = self.get_changelist_instance(request)
        if unreadable_filters(found):  # the list says which
            address = reverse("admin:transactions_ledgerentry_changelist")
            return HttpResponseRedirect(f"{address}?{request.GET.urlencode()}")
        filters = filters_in_use(found)
        user = cast("User", request.user)
        audit.record(AuditAction.EXPORT_LEDGER, actor_id=user.pk, detail=request.GET.urlencode())
        name = "-".join(["transactions", *(slugify(f"{one.parameter} {one.value}") for one in filters)])
        return stream_entries(
            selectors.iterate_entries(found.queryset),
            filename=f"{name[:LONGEST_NAME]}.csv",
            remarks=[str(one) for one in filters] or [gettext("No filters: every entry")],
        )

    def shown_name(self, row: LedgerEntry) -> str:
        return entry_title(row)

    def offers_step(self, name: str, row: Any, user: User) -> bool:
        return _is_reversible(row) and foretell_reversals([row], user.pk) != [Outcome.PROPOSED_BEFORE]
