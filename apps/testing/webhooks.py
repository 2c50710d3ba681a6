"""Endpoints and deliveries of webhooks for tests."""

import json
from collections.abc import Sequence
from typing import Any

from standardwebhooks import Webhook

from apps.accounts.models import Seller
from apps.notifications.models import WebhookDelivery, WebhookEndpoint
from apps.notifications.webhooks.deliveries import add_test
from apps.notifications.webhooks.services import create_endpoint
from apps.outbox.models import Event, EventType
from apps.testing.factories import owner_of
from apps.testing.receivers import Received

URL = "https://shop.example/hooks"


def make_endpoint(
    seller: Seller, url: str = URL, event_types: Sequence[str] | None = None
) -> tuple[WebhookEndpoint, str]:
    """Add an endpoint as the seller's owner; return it with its secret."""
    return create_endpoint(created_by=owner_of(seller), url=url, event_types=event_types)


def make_delivery(endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Add a delivery that waits: of a test event, under the name of one that is tried again."""
    delivery = add_test(endpoint)
    delivery.event_type = EventType.BALANCE_LOW
    delivery.save()
    return delivery


def last_event(seller: Seller) -> Event:
    """Return the newest event of a seller."""
    return Event.objects.filter(seller_id=seller.pk).latest("sequence")


def verified(request: Received, secret: str) -> Any:
    """Return the event of a request that the library of Standard Webhooks verifies."""
    Webhook(secret).verify(request.body, dict(request.headers))
    return json.loads(request.body)
