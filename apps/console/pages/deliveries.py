"""Operators, and deliveries: the queue, what is unknown by age, and what a person found out."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Proposal, User
from apps.accounts.roles import ADMINS, AUDITORS
from apps.console.framework.columns import column
from apps.console.framework.confirmed_steps import Answers, Preview, ReasonForm, Step, step_action
from apps.console.framework.display import show_age, show_date, show_moment, show_money, show_number, show_phone
from apps.console.framework.keyset_list import KeysetList
from apps.console.framework.links import entry_link, seller_link
from apps.console.framework.panel_page import PanelAdmin
from apps.console.framework.panels import Panel
from apps.console.framework.readable_filters import ChoiceFilter, RowFilter
from apps.console.framework.role_admin import RoleAdmin
from apps.console.panels.deliveries import attempts_of_delivery, books_verdict, discrepancies_of, shown_status
from apps.core.values.ids import uuid7_at
from apps.delivery import operators, services
from apps.delivery.models import BookComparison, Delivery, DeliveryStatus, NumberRange, Operator, PriceTerms

AGES = {"600": _("10 minutes"), "3600": _("1 hour"), "86400": _("1 day")}


class AgeFilter(admin.SimpleListFilter):
    """Deliveries that were sold longer ago."""

    title = _("older than")
    parameter_name = "older_than"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        return list(AGES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value not in AGES:
            return queryset
        return queryset.filter(pk__lt=uuid7_at(timezone.now() - timedelta(seconds=int(value)), random_bits=0))


def _preview(rows: Sequence[Delivery], user: User) -> Preview:
    columns = (_("Seller"), _("Phone number"), _("Amount"), _("Status"), _("Age"))
    cells = [
        (row.seller.company_name, show_phone(row.entry.phone_number), show_money(row.entry.amount),
         row.get_status_display(), show_age(row.created_at))
        for row in rows
    ]  # fmt: skip
    return Preview(columns, cells)


def _resolve(outcome: str) -> Any:
    def run(row: Delivery, user: User, answers: Answers) -> Delivery | Proposal:
        return services.resolve_delivery(
            delivery_id=row.pk, outcome=outcome, reason=answers["reason"], resolved_by_id=user.pk
        )

    return run


DELIVERED = Step(
    title=_("Settle as delivered: the seller has paid"),
    button=_("It was delivered"),
    run=_resolve("delivered"),
    preview=_preview,
    form_class=ReasonForm,
    moves_money=True,
)
FAILED = Step(
    title=_("Settle as failed: the money goes back to the seller"),
    button=_("It was not delivered"),
    run=_resolve("failed"),
    preview=_preview,
    form_class=ReasonForm,
    is_dangerous=True,
    moves_money=True,
)


@admin.register(Delivery)
class DeliveryAdmin(PanelAdmin):
    list_display = ("sold_at", "seller_link", "operator", "phone", "amount", "shown_status", "age", "tries", "message")
    list_display_links = ("sold_at",)
    list_filter = (("status", ChoiceFilter), ("operator", RowFilter), AgeFilter)
    sortable_by = ()
    actions = ("mark_delivered", "mark_failed")
    fields = (
        "sold_at", "entry_link", "seller_link", "operator", "phone", "amount", "price", "shown_status",
        "operator_reference", "message", "tries", "changed_at", "asked_next_at", "resolved_by",
    )  # fmt: skip
    readonly_fields = fields

    sold_at = column(_("Time"), lambda row: show_moment(row.created_at))
    seller_link = column(_("Seller"), lambda row: seller_link(row.seller_id, row.seller.company_name))
    entry_link = column(_("Ledger entry"), lambda row: entry_link(row.pk))
    phone = column(_("Phone number"), lambda row: show_phone(row.entry.phone_number))
    amount = column(_("Face value"), lambda row: show_money(row.entry.worth))
    price = column(_("Price"), lambda row: show_money(row.entry.amount))
    shown_status = column(_("Status"), shown_status)
    age = column(_("Age"), lambda row: show_age(row.created_at))
    tries = column(_("attempts"), lambda row: show_number(row.attempts))
    changed_at = column(_("updated at"), lambda row: show_moment(row.updated_at))
    asked_next_at = column(_("next step at"), lambda row: show_moment(row.next_step_at))

    mark_delivered = step_action(DELIVERED, "administer")
    mark_failed = step_action(FAILED, "administer")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).select_related("entry", "seller", "operator", "resolved_by")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetList

    def panel(self, request: HttpRequest, row: Delivery) -> Panel:
        return attempts_of_delivery(row)

    def shown_name(self, row: Delivery) -> str:
        return f"{row.operator} · {row.entry.phone_number} · {show_money(row.entry.worth)}"

    def offers_step(self, name: str, row: Delivery, user: User) -> bool:
        return row.status == DeliveryStatus.UNKNOWN


@admin.register(Operator)
class OperatorAdmin(RoleAdmin):
    may_view = AUDITORS
    may_add = may_change = ADMINS
    list_display = ("code", "name", "is_open", "adapter", "calls")
    search_fields = ("code", "name")
    fields = (
        "code", "name", "is_open", "carrier_names", "min_amount", "max_amount", "amounts", "adapter", "settings",
        "secret_variable", "max_in_flight",
    )  # fmt: skip

    calls = column(_("calls at a time"), lambda row: show_number(row.max_in_flight))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Operator, form: "ModelForm[Operator]", change: bool) -> None:
        """Save through the service, which asks the adapter about the settings."""
        before = {name: form.initial.get(name) for name in form.changed_data}
        operators.save_operator(obj, before=before, saved_by_id=cast("User", request.user).pk)


@admin.register(NumberRange)
class NumberRangeAdmin(RoleAdmin):
    may_view = AUDITORS
    may_add = may_change = ADMINS
    list_display = ("prefix", "operator")
    list_select_related = ("operator",)
    fields = list_display

    def save_model(self, request: HttpRequest, obj: NumberRange, form: "ModelForm[NumberRange]", change: bool) -> None:
        """Save through the service."""
        before = {f"{name}_id" if name == "operator" else name: form.initial.get(name) for name in form.changed_data}
        operators.save_range(obj, before=before, saved_by_id=cast("User", request.user).pk)


@admin.register(PriceTerms)
class PriceTermsAdmin(RoleAdmin):
    may_view = AUDITORS
    may_add = ADMINS
    list_display = ("begins", "operator", "seller_link", "discount", "shown_fee")
    list_display_links = ("begins",)
    list_select_related = ("operator", "seller")
    list_filter = (("operator", RowFilter), ("seller", RowFilter))
    sortable_by = ()
    autocomplete_fields = ("operator", "seller")
    fields = ("operator", "seller", "effective_from", "discount_percent", "fee")
    readonly_fields = ("seller_link", "begins", "discount", "shown_fee")

    begins = column(_("effective from"), lambda row: show_date(row.effective_from))
    seller_link = column(
        _("Seller"), lambda row: seller_link(row.seller_id, row.seller.company_name) if row.seller else _("all")
    )
    discount = column(_("discount in percent"), lambda row: show_money(row.discount_percent))
    shown_fee = column(_("fee"), lambda row: show_money(row.fee))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("operator", *self.readonly_fields) if obj else self.fields

    def save_model(self, request: HttpRequest, obj: PriceTerms, form: "ModelForm[PriceTerms]", change: bool) -> None:
        """Save through the service."""
        operators.add_terms(obj, added_by_id=cast("User", request.user).pk)

    def shown_name(self, row: PriceTerms) -> str:
        return f"{row.operator} · {show_date(row.effective_from)}"


@admin.register(BookComparison)
class BookComparisonAdmin(PanelAdmin):
    may_view = AUDITORS
    list_display = ("compared_at", "operator", "shown_day", "verdict", "shown_rows", "differing", "not_settled")
    list_display_links = ("compared_at",)
    list_filter = (("operator", RowFilter),)
    list_select_related = ("operator",)
    sortable_by = ()
    fields = (*list_display, "file_name", "file_sha256")
    readonly_fields = fields

    compared_at = column(_("Time"), lambda row: show_moment(row.at))
    shown_day = column(_("day"), lambda row: show_date(row.day))
    verdict = column(_("Verdict"), books_verdict)
    shown_rows = column(_("rows of the operator"), lambda row: show_number(row.rows))
    differing = column(_("discrepancies"), lambda row: show_number(row.discrepancies))
    not_settled = column(_("not settled here"), lambda row: show_number(row.open_here))

    def panel(self, request: HttpRequest, row: BookComparison) -> Panel:
        return discrepancies_of(row)

    def shown_name(self, row: BookComparison) -> str:
        return f"{row.operator} · {show_date(row.day)}"
