"""Panels of webhooks: endpoints that fail, those of a seller, and the attempts of a delivery."""

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.accounts.models import Seller
from apps.console.framework.display import NOTHING, badge, show_age, show_moment, show_number, status_badge
from apps.console.framework.links import list_address, row_link
from apps.console.framework.panels import Panel
from apps.notifications.models import WebhookDelivery, WebhookEndpoint
from apps.outbox.models import EventType

DELIVERY_KINDS = {"pending": "waiting", "delivered": "good", "failed": "bad"}
ENDPOINTS, DELIVERIES = "notifications_webhookendpoint", "notifications_webhookdelivery"
MOST_ROWS = 8


def shown_state(endpoint: WebhookEndpoint) -> str:
    """Return whether an endpoint is removed, disabled (and why), failing or well."""
    if endpoint.removed_at is not None:
        return badge(_("removed"), "quiet")
    if not endpoint.enabled:
        text = _("disabled: %(reason)s") % {"reason": endpoint.get_disabled_reason_display()}
        return badge(text, "quiet" if endpoint.disabled_reason == endpoint.DisabledReason.SELLER else "bad")
    return badge(_("failing"), "waiting") if endpoint.failing_since else badge(_("enabled"), "good")


def shown_status(delivery: WebhookDelivery) -> str:
    """Return the label of a delivery's status."""
    return status_badge(delivery.get_status_display(), delivery.status, DELIVERY_KINDS)


def event_name(event_type: str) -> str:
    """Return the name of a type of events; of a test or of a later version's type, its own word."""
    return str(EventType(event_type).label) if event_type in EventType else event_type


def endpoint_link(endpoint: WebhookEndpoint) -> str:
    """Return a link to an endpoint's page."""
    return row_link(ENDPOINTS, endpoint.pk, endpoint.url)


def endpoints_in_need(request: HttpRequest) -> Panel:
    """Return the endpoints that were disabled because they failed, or that fail now; the newest first."""
    given_up = Q(enabled=False) & ~Q(disabled_reason=WebhookEndpoint.DisabledReason.SELLER)
    found = WebhookEndpoint.objects.filter(given_up | Q(enabled=True, failing_since__isnull=False))
    found = found.filter(removed_at__isnull=True)
    rows = [
        (each.seller, endpoint_link(each), shown_state(each), show_age(each.failing_since or each.created_at))
        for each in found.select_related("seller")[:MOST_ROWS]
    ]
    return Panel(
        title=_("Webhooks that fail"),
        columns=(_("Seller"), _("Address"), _("State"), _("Since")),
        rows=rows,
        empty=_("All webhooks arrive."),
        more=(list_address(ENDPOINTS), _("All webhook endpoints")),
    )


def endpoints_of_seller(request: HttpRequest, seller: Seller) -> Panel:
    """Return the webhook endpoints of a seller."""
    rows = [
        (endpoint_link(each), shown_state(each), show_moment(each.created_at))
        for each in seller.webhook_endpoints.filter(removed_at__isnull=True)
    ]
    return Panel(
        title=_("Webhook endpoints"),
        columns=(_("Address"), _("State"), _("Created at")),
        rows=rows,
        empty=_("No webhook endpoints."),
    )


def deliveries_of_endpoint(request: HttpRequest, endpoint: WebhookEndpoint) -> Panel:
    """Return what was sent to an endpoint last."""
    rows = [
        (row_link(DELIVERIES, each.pk, show_moment(each.created_at)), event_name(each.event_type), shown_status(each))
        for each in endpoint.deliveries.all()[:MOST_ROWS]
    ]
    return Panel(
        title=_("Webhook deliveries"),
        columns=(_("Time"), _("Type"), _("Status")),
        rows=rows,
        empty=_("Nothing was sent yet."),
        more=(list_address(DELIVERIES, endpoint=endpoint.pk), _("All deliveries of this endpoint")),
    )


def attempts_of_delivery(request: HttpRequest, delivery: WebhookDelivery) -> Panel:
    """Return every attempt of a delivery, the oldest first."""
    rows = [
        (
            show_moment(each.attempted_at),
            show_number(each.status) if each.status else NOTHING,
            show_number(each.milliseconds),
            each.error or NOTHING,
            each.answer or NOTHING,
        )
        for each in delivery.attempts.all()
    ]
    return Panel(
        title=_("Attempts"),
        columns=(_("Time"), _("Status"), _("Milliseconds"), _("Error"), _("Answer")),
        rows=rows,
        empty=_("Nothing was sent yet."),
        is_wide=True,
    )
