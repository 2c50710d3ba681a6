"""Sending: a due delivery is sent without a transaction, and its outcome is written down.

The row says what is due; a job of the queue only says when to look, and one that comes twice sends nothing twice.
Lock order: the endpoint's row, then the delivery's.
"""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.core.observability import events
from apps.notifications.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from apps.notifications.webhooks.deliveries import TEST_EVENT, disable
from apps.notifications.webhooks.secrets import decrypt
from apps.notifications.webhooks.signing import signed_headers
from apps.notifications.webhooks.transport import Answer, post
from apps.outbox.models import EventType
from apps.outbox.services import record_event

RETRIES = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
    timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24),
)  # fmt: skip
JITTER = 0.1
GONE = 410
# The time-out of an attempt and this: then the worker that claimed it is dead.
CLAIM_SLACK = timedelta(seconds=20)
# Until one of those under way to the endpoint should have ended.
BUSY = timedelta(seconds=10)
_random = secrets.SystemRandom()


def attempt_delivery(delivery_id: UUID) -> datetime | None:
    """Send a delivery if it waits and is due; return when to try again, or None if nothing is left to do.

    The request is made outside of every transaction. Its outcome is what ends the waiting: if it is not written down,
    the delivery is sent again, under the same id.
    """
    claimed = _claim(delivery_id)
    if not isinstance(claimed, WebhookDelivery):
        return claimed
    now, body = timezone.now(), claimed.body.encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Sharj-Webhooks/1",
        **signed_headers(str(claimed.event_id), now, body, _secrets(claimed.endpoint, now)),
    }
    return _write_down(delivery_id, now, post(claimed.endpoint.url, headers, body))


def _claim(delivery_id: UUID) -> WebhookDelivery | datetime | None:
    """Claim a delivery for one request; else return when to look again, or None if it waits no more."""
    with transaction.atomic(durable=True):
        delivery = _lock(delivery_id)
        if delivery is None or delivery.next_try_at is None:
            return None
        now = timezone.now()
        free_at = max(delivery.next_try_at, delivery.claimed_until or delivery.next_try_at)
        if free_at > now:
            return free_at
        most = 1 if delivery.endpoint.failing_since else settings.WEBHOOK_REQUESTS_PER_ENDPOINT
        if delivery.endpoint.deliveries.filter(claimed_until__gt=now).count() >= most:
            return now + BUSY * _random.uniform(0.5, 1.5)
        delivery.claimed_until = now + timedelta(seconds=settings.WEBHOOK_TIMEOUT_SECONDS) + CLAIM_SLACK
        delivery.save(update_fields=["claimed_until"])
    return delivery


def _secrets(endpoint: WebhookEndpoint, now: datetime) -> tuple[str, ...]:
    """Return the secrets that sign now, the newest first."""
    former_until = endpoint.former_secret_expires_at
    kept = [endpoint.secret, *([endpoint.former_secret] if former_until and former_until > now else [])]
    return tuple(decrypt(secret) for secret in kept)


def _write_down(delivery_id: UUID, began: datetime, answer: Answer) -> datetime | None:
    """Add the attempt, and settle what becomes of its delivery and its endpoint."""
    with transaction.atomic(durable=True):
        delivery = _lock(delivery_id)
        if delivery is None:
            return None  # removed meanwhile
        WebhookAttempt.objects.create(
            delivery=delivery,
            attempted_at=began,
            status=answer.status,
            milliseconds=answer.milliseconds,
            answer=answer.body.decode(errors="replace").replace("\0", "\ufffd"),
            error=answer.error,
        )
        if answer.status is not None and 200 <= answer.status < 300:
            _succeed(delivery)
        elif delivery.status == WebhookDelivery.Status.PENDING:
            _fail(delivery, answer)
        delivery.claimed_until = None
        delivery.save(update_fields=["status", "failures", "next_try_at", "claimed_until"])
    return delivery.next_try_at


def _lock(delivery_id: UUID) -> WebhookDelivery | None:
    """Lock the endpoint, then the delivery, and return it with its endpoint."""
    endpoints = WebhookEndpoint.objects.filter(deliveries=delivery_id)
    endpoint = endpoints.select_for_update(of=("self",), no_key=True).first()
    if endpoint is None:
        return None
    delivery = WebhookDelivery.objects.select_for_update(of=("self",), no_key=True).filter(pk=delivery_id).first()
    if delivery is not None:
        delivery.endpoint = endpoint
    return delivery


def _succeed(delivery: WebhookDelivery) -> None:
    delivery.status, delivery.failures, delivery.next_try_at = WebhookDelivery.Status.DELIVERED, 0, None
    if delivery.endpoint.failing_since is not None:
        delivery.endpoint.failing_since = None
        delivery.endpoint.save(update_fields=["failing_since"])


def _fail(delivery: WebhookDelivery, answer: Answer) -> None:
    """Plan the next try; after the last one, or at a 410, disable the endpoint. A test is sent once."""
    delivery.failures += 1
    is_test = delivery.event_type == TEST_EVENT
    if is_test or answer.status == GONE or delivery.failures > len(RETRIES):
        delivery.status, delivery.next_try_at = WebhookDelivery.Status.FAILED, None
    else:
        wait = RETRIES[delivery.failures - 1] * _random.uniform(1 - JITTER, 1 + JITTER)
        delivery.next_try_at = timezone.now() + wait
    if not is_test:
        _blame(delivery.endpoint, answer, is_last=delivery.next_try_at is None)


def _blame(endpoint: WebhookEndpoint, answer: Answer, *, is_last: bool) -> None:
    """Note that the endpoint fails; disable it and tell its seller if this was the last attempt."""
    endpoint.failing_since = endpoint.failing_since or timezone.now()
    if not is_last or not endpoint.enabled:
        endpoint.save(update_fields=["failing_since"])
        return
    reasons = WebhookEndpoint.DisabledReason
    disable(endpoint, reasons.GONE if answer.status == GONE else reasons.FAILING)
    record_event(EventType.WEBHOOK_ENDPOINT_DISABLED, seller_id=endpoint.seller_id, about=endpoint)
    fields = {"endpoint": endpoint.pk, "seller": endpoint.seller_id, "reason": endpoint.disabled_reason}
    transaction.on_commit(lambda: events.security_warning("webhook_endpoint_disabled", **fields), robust=True)
