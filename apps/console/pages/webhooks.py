"""Webhook endpoints, their deliveries and the events that they tell of: read here; a delivery is sent again."""

import json
from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Seller, User
from apps.console.framework.columns import column
from apps.console.framework.confirmed_steps import Answers, Preview, Step, step_action
from apps.console.framework.display import NOTHING, show_moment, show_number
from apps.console.framework.keyset_list import KeysetList
from apps.console.framework.links import seller_link
from apps.console.framework.panel_page import PanelAdmin
from apps.console.framework.panels import Panel
from apps.console.framework.range_filters import DayFilter
from apps.console.framework.readable_filters import ChoiceFilter, RowFilter, YesNoFilter
from apps.console.framework.role_admin import RoleAdmin
from apps.console.panels.webhooks import (
    attempts_of_delivery,
    deliveries_of_endpoint,
    endpoint_link,
    event_name,
    shown_state,
    shown_status,
)
from apps.notifications.models import WebhookDelivery, WebhookEndpoint
from apps.notifications.webhooks.services import resend_delivery
from apps.outbox.models import Event


def _shown_json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return format_html('<pre class="console-data" dir="ltr">{}</pre>', text)


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(PanelAdmin):
    list_display = ("url", "seller_link", "state", "types", "began")
    list_select_related = ("seller",)
    list_filter = (("enabled", YesNoFilter), ("disabled_reason", ChoiceFilter), ("created_at", DayFilter))
    sortable_by = ()
    search_fields = ("url", "seller__company_name")
    fields = (*list_display, "description", "failing", "switched_off", "taken_away")
    readonly_fields = fields

    seller_link = column(_("Seller"), lambda row: seller_link(row.seller_id, row.seller))
    state = column(_("State"), shown_state)
    types = column(
        _("types of events"), lambda row: ", ".join(map(event_name, row.event_types or ())) or gettext("all")
    )
    began = column(_("created at"), lambda row: show_moment(row.created_at), "id")
    failing = column(_("failing since"), lambda row: show_moment(row.failing_since))
    switched_off = column(_("disabled at"), lambda row: show_moment(row.disabled_at))
    taken_away = column(_("removed at"), lambda row: show_moment(row.removed_at))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("seller")

    def panel(self, request: HttpRequest, row: WebhookEndpoint) -> Panel:
        return deliveries_of_endpoint(request, row)


def _preview(rows: Sequence[WebhookDelivery], user: User) -> Preview:
    """Show where each goes, and what became of it so far."""
    cells = [(row.endpoint.url, event_name(row.event_type), row.get_status_display()) for row in rows]
    return Preview((_("Address"), _("Type"), _("Status")), cells)


def _resend(row: WebhookDelivery, user: User, answers: Answers) -> None:
    resend_delivery(endpoint_id=row.endpoint_id, delivery_id=row.pk, seller_id=row.endpoint.seller_id, asked_by=user)


RESEND = Step(title=_("Send webhooks again"), button=_("Send again"), run=_resend, preview=_preview)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(PanelAdmin):
    list_display = ("made_at", "seller_link", "endpoint_link", "shown_type", "shown_status", "next_try")
    list_display_links = ("made_at",)
    list_select_related = ("endpoint__seller",)
    list_filter = (("status", ChoiceFilter), ("endpoint", RowFilter), ("created_at", DayFilter))
    sortable_by = ()
    search_fields = ("=event_id", "endpoint__url", "endpoint__seller__company_name")
    actions = ("resend",)
    fields = (*list_display, "event_id", "shown_body")
    readonly_fields = fields

    made_at = column(_("Time"), lambda row: show_moment(row.created_at), "id")
    seller_link = column(_("Seller"), lambda row: seller_link(row.endpoint.seller_id, row.endpoint.seller))
    endpoint_link = column(_("Address"), lambda row: endpoint_link(row.endpoint))
    shown_type = column(_("Type"), lambda row: event_name(row.event_type))
    shown_status = column(_("Status"), shown_status)
    next_try = column(_("next try"), lambda row: show_moment(row.next_try_at))
    shown_body = column(_("body"), lambda row: _shown_json(json.loads(row.body)))

    resend = step_action(RESEND, "administer")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("endpoint__seller")

    def panel(self, request: HttpRequest, row: WebhookDelivery) -> Panel:
        return attempts_of_delivery(request, row)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetList

    def shown_name(self, row: WebhookDelivery) -> str:
        return f"{event_name(row.event_type)} · {row.endpoint.url}"

    def offers_step(self, name: str, row: WebhookDelivery, user: User) -> bool:
        return row.endpoint.enabled


class EventList(KeysetList):
    """A list that reads the names of all its sellers in one query: events know only the ids."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        names = Seller.objects.in_bulk({row.seller_id for row in self.result_list})
        for row in self.result_list:
            row.seller = names.get(row.seller_id)


def _seller_of(event: Any) -> str:
    seller = event.seller if hasattr(event, "seller") else Seller.objects.filter(pk=event.seller_id).first()
    return seller_link(event.seller_id, seller or NOTHING)


@admin.register(Event)
class EventAdmin(RoleAdmin):
    list_display = ("happened_at", "seller_link", "shown_type", "shown_sequence")
    list_display_links = ("happened_at",)
    list_filter = (("timestamp", DayFilter),)
    sortable_by = ()
    search_fields = ("=seller_id", "type")
    search_help_text = _("Id of the seller, or type")
    fields = (*list_display, "shown_data")
    readonly_fields = fields

    happened_at = column(_("Time"), lambda row: show_moment(row.timestamp), "id")
    seller_link = column(_("Seller"), _seller_of)
    shown_type = column(_("Type"), lambda row: event_name(row.type))
    shown_sequence = column(_("sequence"), lambda row: show_number(row.sequence))
    shown_data = column(_("data"), lambda row: _shown_json(row.data))

    def shown_name(self, row: Event) -> str:
        return f"{event_name(row.type)} · {show_moment(row.timestamp)}"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return EventList
