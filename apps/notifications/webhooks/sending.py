"""Sending: a due delivery is claimed, sent without a transaction, and its outcome is written down.

The rows say what is due; jobs of the queue only say when to look. A job that is lost or comes twice changes nothing:
a claim ends by itself, and what was not written down as delivered is sent again under the same id.
Lock order: the endpoint's row, then the delivery's.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
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
# Beyond the time-out of an attempt, for the database to write its outcome down.
_CLAIM_SLACK = timedelta(seconds=20)
_random = secrets.SystemRandom()


@dataclass(frozen=True, slots=True)
class _Claim:
    """A delivery that this worker alone sends now, and its secrets."""

    delivery: WebhookDelivery
    endpoint: WebhookEndpoint
    secrets: tuple[str, ...]


def attempt_delivery(delivery_id: UUID) -> datetime | None:
    """Send a delivery now, if it waits and no worker has it.

    Return when to try again, or None if nothing is left to do.
    """
    endpoint_id = WebhookDelivery.objects.filter(pk=delivery_id).values_list("endpoint_id", flat=True).first()
    claim = _claim(endpoint_id, Q(pk=delivery_id)) if endpoint_id else None
    return _send(claim) if claim else None


def attempt_next(endpoint_id: UUID) -> bool:
    """Send the delivery of an endpoint that is due the longest; return whether there was one to send."""
    claim = _claim(endpoint_id, Q(next_try_at__lte=timezone.now()))
    if claim is None:
        return False
    _send(claim)
    return True


def endpoints_with_work(now: datetime) -> list[UUID]:
    """Return the endpoints with a delivery that is due and that no worker has."""
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    due = WebhookDelivery.objects.filter(free, status=WebhookDelivery.Status.PENDING, next_try_at__lte=now)
    return list(due.order_by().values_list("endpoint_id", flat=True).distinct())


def _claim(endpoint_id: UUID, which: Q) -> _Claim | None:
    """Claim a waiting delivery for the length of one attempt; None if there is none, or enough are under way."""
    with transaction.atomic(durable=True):
        endpoint = WebhookEndpoint.objects.select_for_update(of=("self",), no_key=True).filter(pk=endpoint_id).first()
        if endpoint is None:
            return None
        now = timezone.now()
        waiting = WebhookDelivery.objects.filter(endpoint=endpoint, status=WebhookDelivery.Status.PENDING)
        under_way = waiting.filter(claimed_until__gt=now).count()
        if under_way >= (1 if endpoint.failing_since else settings.WEBHOOK_REQUESTS_PER_ENDPOINT):
            return None
        free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
        delivery = waiting.filter(which, free).order_by("next_try_at").first()
        if delivery is None:
            return None
        delivery.claimed_until = now + timedelta(seconds=settings.WEBHOOK_TIMEOUT_SECONDS) + _CLAIM_SLACK
        delivery.save(update_fields=["claimed_until"])
    return _Claim(delivery, endpoint, _secrets(endpoint, now))


def _secrets(endpoint: WebhookEndpoint, now: datetime) -> tuple[str, ...]:
    """Return the secrets that sign now, the newest first."""
    former_until = endpoint.former_secret_expires_at
    kept = [endpoint.secret, *([endpoint.former_secret] if former_until and former_until > now else [])]
    return tuple(decrypt(secret) for secret in kept)


def _send(claim: _Claim) -> datetime | None:
    """Make the request, outside of every transaction, and write the outcome down."""
    delivery, now = claim.delivery, timezone.now()
    body = delivery.body.encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Sharj-Webhooks/1",
        **signed_headers(str(delivery.event_id), now, body, claim.secrets),
    }
    answer = post(claim.endpoint.url, headers, body)
    return _write_down(delivery.pk, delivery.claimed_until, now, answer)


def _write_down(delivery_id: UUID, claimed_until: datetime | None, began: datetime, answer: Answer) -> datetime | None:
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
        if delivery.claimed_until == claimed_until:
            delivery.claimed_until = None
        if answer.status is not None and 200 <= answer.status < 300:
            _succeed(delivery)
        elif delivery.status == WebhookDelivery.Status.PENDING:
            _fail(delivery, answer)
        delivery.save(update_fields=["claimed_until", "status", "failures", "next_try_at"])
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
