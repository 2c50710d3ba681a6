"""Deliveries: one for each event and endpoint, written in the transaction of the event itself."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from apps.core.values.ids import uuid7_at
from apps.notifications.events.serializers import render_event
from apps.notifications.models import WebhookDelivery, WebhookEndpoint
from apps.outbox.jobs import enqueue
from apps.outbox.models import Event

JOB = "deliver_webhook"
TEST_EVENT = "webhook_endpoint.test"
_DELETED_AT_ONCE = 5_000


def fan_out(event: Event) -> None:
    """Add a delivery of `event` for each endpoint of its seller that wants it."""
    endpoints = WebhookEndpoint.objects.filter(seller_id=event.seller_id, enabled=True)
    wanting = [endpoint for endpoint in endpoints if endpoint.wants(event.type)]
    if wanting:
        _add(wanting, event)


def add_test(endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Add the delivery of an event that tells nothing, and is no event of the seller's list."""
    data = {"webhook_endpoint": str(endpoint.pk)}
    [delivery] = _add([endpoint], Event(type=TEST_EVENT, timestamp=timezone.now(), data=data))
    return delivery


def disable(endpoint: WebhookEndpoint, reason: WebhookEndpoint.DisabledReason) -> None:
    """Disable an endpoint whose row is locked; what waits for it fails."""
    endpoint.enabled, endpoint.disabled_reason, endpoint.disabled_at = False, reason, timezone.now()
    endpoint.save()
    WebhookDelivery.objects.filter(endpoint=endpoint, status=WebhookDelivery.Status.PENDING).update(
        status=WebhookDelivery.Status.FAILED, next_try_at=None
    )


def _add(endpoints: Iterable[WebhookEndpoint], event: Event) -> list[WebhookDelivery]:
    now, body = timezone.now(), json.dumps(render_event(event), ensure_ascii=False, separators=(",", ":"))
    deliveries = WebhookDelivery.objects.bulk_create(
        WebhookDelivery(
            endpoint=endpoint, event_id=event.pk, event_type=event.type, body=body, next_try_at=now, created_at=now
        )
        for endpoint in endpoints
    )
    for delivery in deliveries:
        queue(delivery)
    return deliveries


def queue(delivery: WebhookDelivery) -> None:
    """Let a worker send a delivery that is due, once the caller's transaction commits.

    Jobs of one lock run one after the other: so many requests to an endpoint are under way, and only one if it fails.
    """
    lanes = 1 if delivery.endpoint.failing_since else settings.WEBHOOK_REQUESTS_PER_ENDPOINT
    enqueue(JOB, delivery.pk, lock=f"{delivery.endpoint_id}/{delivery.pk.int % lanes}")


def remove_deliveries_before(moment: datetime) -> int:
    """Remove the deliveries that were made before `moment`, with their attempts, and return their number.

    In batches, each a statement of its own, so that no lock is held for long.
    """
    removed, oldest_kept = 0, uuid7_at(moment, random_bits=0)
    while batch := list(
        WebhookDelivery.objects.filter(pk__lt=oldest_kept)
        .order_by("pk")
        .values_list("pk", flat=True)[:_DELETED_AT_ONCE]
    ):
        _, counts = WebhookDelivery.objects.filter(pk__in=batch).delete()
        removed += counts.get("notifications.WebhookDelivery", 0)
    removed_endpoints = WebhookEndpoint.objects.filter(removed_at__lt=moment - timedelta(days=1))
    removed_endpoints.exclude(deliveries__isnull=False).delete()
    return removed
