"""Endpoints of a seller: added, changed, removed, given new secrets, and tried out.

Lock order: the seller's row, then the endpoint's, then the delivery's.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from apps.accounts import audit
from apps.accounts.models import AuditAction, Seller, User
from apps.core.errors import DomainError, InvalidInput, NotFound
from apps.notifications.models import WebhookDelivery, WebhookEndpoint
from apps.notifications.webhooks.addresses import InvalidUrl, host_of, may_be_public
from apps.notifications.webhooks.deliveries import add_test, disable, queue
from apps.notifications.webhooks.secrets import encrypt, encrypt_again, new_secret
from apps.notifications.webhooks.selectors import get_endpoint, list_endpoints

MAX_ENDPOINTS = 5
FORMER_SECRET_LASTS = timedelta(hours=24)


class EndpointLimitReached(DomainError):
    """The seller has as many endpoints as it may have."""

    code = "webhook_endpoint_limit_reached"


class EndpointDisabled(DomainError):
    """Nothing is sent to a disabled endpoint but a test."""

    code = "webhook_endpoint_disabled"


def create_endpoint(
    *, created_by: User, url: str, event_types: Collection[str] | None = None, description: str = ""
) -> tuple[WebhookEndpoint, str]:
    """Add an endpoint to the caller's seller; return it with its secret, which is not readable again.

    Raises:
        InvalidInput: the URL is not a public https one, or another endpoint has it.
        EndpointLimitReached: the seller has `MAX_ENDPOINTS`.
    """
    _check_url(url)
    secret = new_secret()
    with transaction.atomic(durable=True):
        seller = _lock_seller(created_by)
        existing = list_endpoints(seller.pk)
        _check_url_is_new(url, seller.pk)
        if existing.count() >= MAX_ENDPOINTS:
            raise EndpointLimitReached("The seller has as many webhook endpoints as it may have.", limit=MAX_ENDPOINTS)
        endpoint = WebhookEndpoint.objects.create(
            seller=seller,
            url=url,
            event_types=_normalized(event_types),
            description=description,
            secret=encrypt(secret),
        )
        audit.record(AuditAction.ADD, endpoint, actor_id=created_by.pk, detail=_described(endpoint))
    return endpoint, secret


def update_endpoint(*, endpoint_id: UUID, changes: Mapping[str, Any], changed_by: User) -> WebhookEndpoint:
    """Change `url`, `event_types`, `description` or `enabled`. What waits for a disabled endpoint fails.

    Raises:
        NotFound: the caller's seller has no such endpoint.
        InvalidInput: the URL is not a public https one, or another endpoint has it.
    """
    if "url" in changes:
        _check_url(changes["url"])
    with transaction.atomic(durable=True):
        seller = _lock_seller(changed_by)
        endpoint = get_endpoint(endpoint_id, seller_id=seller.pk, locked=True)
        plain = {name: value for name, value in changes.items() if name != "enabled"}
        if "url" in plain:
            _check_url_is_new(plain["url"], seller.pk, besides=endpoint)
        if "event_types" in plain:
            plain["event_types"] = _normalized(plain["event_types"])
        before = {name: getattr(endpoint, name) for name in changes}
        for name, value in plain.items():
            setattr(endpoint, name, value)
        _switch(endpoint, enabled=changes.get("enabled", endpoint.enabled))
        endpoint.save()
        detail = audit.describe_changes(before, {name: getattr(endpoint, name) for name in changes})
        audit.record(AuditAction.CHANGE, endpoint, actor_id=changed_by.pk, detail=detail)
    return endpoint


def _switch(endpoint: WebhookEndpoint, *, enabled: bool) -> None:
    """Enable or disable an endpoint; the caller saves it."""
    if enabled and not endpoint.enabled:
        endpoint.enabled, endpoint.disabled_reason, endpoint.disabled_at = True, "", None
        endpoint.failing_since = None
    elif not enabled and endpoint.enabled:
        disable(endpoint, WebhookEndpoint.DisabledReason.SELLER)


def remove_endpoint(*, endpoint_id: UUID, removed_by: User) -> None:
    """Remove an endpoint with its secrets; what was sent to it is kept for staff as long as events are.

    Raises:
        NotFound: the caller's seller has no such endpoint.
    """
    with transaction.atomic(durable=True):
        endpoint = get_endpoint(endpoint_id, seller_id=_seller_id(removed_by), locked=True)
        _switch(endpoint, enabled=False)
        endpoint.secret = endpoint.former_secret = ""
        endpoint.former_secret_expires_at = None
        endpoint.removed_at = timezone.now()
        endpoint.save()
        audit.record(AuditAction.DEACTIVATE, endpoint, actor_id=removed_by.pk, detail="removed")


def rotate_secret(*, endpoint_id: UUID, rotated_by: User) -> tuple[WebhookEndpoint, str]:
    """Give an endpoint a new secret and return both. The former one signs too for `FORMER_SECRET_LASTS`, the one
    before that no more.

    Raises:
        NotFound: the caller's seller has no such endpoint.
    """
    secret = new_secret()
    with transaction.atomic(durable=True):
        endpoint = get_endpoint(endpoint_id, seller_id=_seller_id(rotated_by), locked=True)
        endpoint.former_secret, endpoint.secret = endpoint.secret, encrypt(secret)
        endpoint.former_secret_expires_at = timezone.now() + FORMER_SECRET_LASTS
        endpoint.save()
        audit.record(AuditAction.CHANGE, endpoint, actor_id=rotated_by.pk, detail="secret: rotated")
    return endpoint, secret


def send_test(*, endpoint_id: UUID, asked_by: User) -> WebhookDelivery:
    """Send an event of the type `webhook_endpoint.test` to this endpoint alone, once, even if it is disabled.

    Raises:
        NotFound: the caller's seller has no such endpoint.
    """
    with transaction.atomic(durable=True):
        endpoint = get_endpoint(endpoint_id, seller_id=_seller_id(asked_by), locked=True)
        delivery = add_test(endpoint)
        audit.record(AuditAction.CHANGE, endpoint, actor_id=asked_by.pk, detail="test: sent")
    return delivery


def resend_delivery(
    *, endpoint_id: UUID, delivery_id: UUID, asked_by: User, seller_id: UUID | None = None
) -> WebhookDelivery:
    """Send a delivery again, with the same id and body; one that waits is sent now. `seller_id`: for staff.

    Raises:
        NotFound: the seller has no such endpoint, or the endpoint no such delivery.
        EndpointDisabled: nothing is sent to the endpoint.
    """
    with transaction.atomic(durable=True):
        endpoint = get_endpoint(endpoint_id, seller_id=seller_id or _seller_id(asked_by), locked=True)
        if not endpoint.enabled:
            raise EndpointDisabled("The webhook endpoint is disabled. Enable it first.")
        deliveries = WebhookDelivery.objects.select_for_update(of=("self",), no_key=True)
        delivery = deliveries.filter(pk=delivery_id, endpoint=endpoint).first()
        if delivery is None:
            raise NotFound("Delivery not found.")
        delivery.status, delivery.failures, delivery.next_try_at = delivery.Status.PENDING, 0, timezone.now()
        delivery.save(update_fields=["status", "failures", "next_try_at"])
        audit.record(AuditAction.CHANGE, delivery, actor_id=asked_by.pk, detail="sent again")
        delivery.endpoint = endpoint
        queue(delivery)
    return delivery


def _seller_id(user: User) -> UUID:
    assert user.seller_id is not None  # noqa: S101  (the view lets only owners of a seller in)
    return user.seller_id


def _lock_seller(user: User) -> Seller:
    """Lock the row under which the endpoints of a seller are counted and compared."""
    return Seller.objects.select_for_update(of=("self",), no_key=True).get(pk=_seller_id(user))


def _check_url(url: str) -> None:
    try:
        host = host_of(url)
    except InvalidUrl as error:
        raise InvalidInput(
            "url", gettext_noop("Write an https URL in ASCII, without a user or a fragment."), code="invalid_url"
        ) from error
    if not may_be_public(host):
        raise InvalidInput("url", gettext_noop("The address must be a public one."), code="address_not_allowed")


def _check_url_is_new(url: str, seller_id: UUID, *, besides: WebhookEndpoint | None = None) -> None:
    others = list_endpoints(seller_id).filter(url=url)
    if (others.exclude(pk=besides.pk) if besides else others).exists():
        raise InvalidInput("url", gettext_noop("Another endpoint has this address."), code="unique")


def _normalized(event_types: Collection[str] | None) -> list[str] | None:
    return None if event_types is None else sorted(set(event_types))


def _described(endpoint: WebhookEndpoint) -> str:
    return f"event_types: {', '.join(endpoint.event_types) if endpoint.event_types else 'all'}"


def encrypt_all_again() -> int:
    """Encrypt every secret by the present key, and return the number of endpoints.

    Raises:
        cryptography.fernet.InvalidToken: a secret was encrypted by a key that is not in the settings; nothing changed.
    """
    with transaction.atomic(durable=True):
        endpoints = WebhookEndpoint.objects.select_for_update(no_key=True).filter(removed_at__isnull=True)
        for endpoint in endpoints:
            endpoint.secret = encrypt_again(endpoint.secret)
            endpoint.former_secret = encrypt_again(endpoint.former_secret) if endpoint.former_secret else ""
        WebhookEndpoint.objects.bulk_update(endpoints, ["secret", "former_secret"])
    return len(endpoints)
