"""Reading of endpoints and of what was sent to them."""

from uuid import UUID

from django.db.models import QuerySet

from apps.core.errors import NotFound
from apps.notifications.models import WebhookDelivery, WebhookEndpoint


def list_endpoints(seller_id: UUID) -> QuerySet[WebhookEndpoint]:
    """Return the endpoints of a seller, the newest first."""
    return WebhookEndpoint.objects.filter(seller_id=seller_id, removed_at__isnull=True)


def get_endpoint(endpoint_id: UUID, *, seller_id: UUID, locked: bool = False) -> WebhookEndpoint:
    """Return one endpoint of a seller, with its row locked if wanted.

    Raises:
        NotFound: the seller has no such endpoint.
    """
    endpoints = list_endpoints(seller_id)
    if locked:
        endpoints = endpoints.select_for_update(of=("self",), no_key=True)
    endpoint = endpoints.filter(pk=endpoint_id).first()
    if endpoint is None:
        raise NotFound("Webhook endpoint not found.")
    return endpoint


def list_deliveries(endpoint: WebhookEndpoint, *, status: str | None = None) -> QuerySet[WebhookDelivery]:
    """Return what was sent to an endpoint, the newest first, with each attempt."""
    deliveries = WebhookDelivery.objects.filter(endpoint=endpoint).prefetch_related("attempts")
    return deliveries.filter(status=status) if status else deliveries
