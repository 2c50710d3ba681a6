"""Creation, rotation and revocation of API clients, and their tokens. Clients are never deleted: entries name them.

A secret has 256 random bits, which no dictionary holds and no guessing reaches, so its SHA-256 is kept: the slow hash
of a password would cost each token a tenth of a second and protect nothing more (docs/adr/0027).
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from apps.accounts import audit
from apps.accounts.models import ApiClient, AuditAction, Session, User
from apps.accounts.roles import SellerRole
from apps.accounts.sellers.services import take_user_place
from apps.accounts.sessions import login_events
from apps.accounts.sessions.login_events import Door
from apps.accounts.sessions.services import InvalidCredentials, revoke_sessions
from apps.accounts.sessions.tokens import check_network, issue_access
from apps.core.errors import DomainError, InvalidInput, NotFound
from apps.core.observability.requests import parse_networks

SECRET_PREFIX = "sharj_"  # noqa: S105  (by which scanners of repositories find secrets)
SECRET_BYTES = 32
OVERLAP = timedelta(days=1)
# Tokens of one client share a session for so long: a client that asks for a token with each request adds no rows.
SESSION_SHARED = timedelta(days=1)
SESSION_KEPT = timedelta(days=2)


class ClientRevoked(DomainError):
    """The client was revoked, for good."""

    code = "client_revoked"


@dataclass(frozen=True, slots=True)
class ClientToken:
    """An access token, and the seconds for which it works."""

    access_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105  (not one)


def list_clients(seller_id: UUID) -> QuerySet[ApiClient]:
    """Return the clients of a seller, revoked ones too, the newest first."""
    return ApiClient.objects.select_related("user").filter(user__seller_id=seller_id).order_by("-pk")


def get_client(client_id: UUID, *, seller_id: UUID) -> ApiClient:
    """Return one client of a seller.

    Raises:
        NotFound: the seller has no such client.
    """
    client = list_clients(seller_id).filter(pk=client_id).first()
    if client is None:
        raise NotFound("API client not found.")
    return client


def create_client(
    *,
    seller_id: UUID,
    name: str,
    role: SellerRole,
    created_by: User,
    expires_at: datetime | None,
    allowed_networks: Sequence[str] = (),
) -> tuple[ApiClient, str]:
    """Create a client of a seller, and return it with its secret, which is not kept.

    Raises:
        InvalidInput: `expires_at` is past.
        ClientLimitReached: the seller has no place for another client.
    """
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidInput("expires_at", gettext_noop("The end must be in the future."), code="not_in_future")
    user = User(first_name=name, seller_id=seller_id, seller_role=role, is_client=True)
    user.username = str(user.pk)
    user.set_unusable_password()
    secret = _new_secret()
    with transaction.atomic(durable=True):
        take_user_place(seller_id, is_client=True)
        user.save(force_insert=True)
        client = ApiClient.objects.create(
            user=user, allowed_networks=list(allowed_networks), expires_at=expires_at, created_by=created_by,
            secret_hash=_hash(secret),
        )  # fmt: skip
        detail = f"role: {user.seller_role}; networks: {', '.join(allowed_networks) or 'any'}; expires_at: {expires_at}"
        audit.record(AuditAction.ADD, client, actor_id=created_by.pk, detail=detail)
    return client, secret


def rotate_secret(*, client_id: UUID, seller_id: UUID, rotated_by: User) -> tuple[ApiClient, str]:
    """Give a client a new secret, and return both; the present one works for `OVERLAP` more.

    The one before that, if its time was not over yet, stops working: two rotations end a secret that leaked.

    Raises:
        NotFound: the seller has no such client.
        ClientRevoked: see there.
    """
    secret = _new_secret()
    with transaction.atomic(durable=True):
        clients = list_clients(seller_id).select_for_update(of=("self",), no_key=True)
        client = clients.filter(pk=client_id).first()
        if client is None:
            raise NotFound("API client not found.")
        if not client.user.is_active:
            raise ClientRevoked("A revoked API client gets no new secret.")
        client.former_secret_hash, client.former_secret_ends_at = client.secret_hash, timezone.now() + OVERLAP
        client.secret_hash = _hash(secret)
        client.save(update_fields=["secret_hash", "former_secret_hash", "former_secret_ends_at"])
        audit.record(AuditAction.ROTATE_SECRET, client, actor_id=rotated_by.pk)
    return client, secret


def revoke_client(*, client_id: UUID, seller_id: UUID, revoked_by: User) -> None:
    """End a client and its tokens, from the next request on and for good; of one that is revoked nothing changes.

    Raises:
        NotFound: the seller has no such client.
    """
    with transaction.atomic(durable=True):
        users = User.objects.select_for_update(no_key=True).filter(is_client=True, seller_id=seller_id)
        user = users.filter(pk=client_id).first()
        if user is None:
            raise NotFound("API client not found.")
        if user.is_active:
            user.is_active = False
            user.save(update_fields=["is_active"])
            revoke_sessions(user)
            audit.record(AuditAction.DEACTIVATE, ApiClient.objects.get(pk=user.pk), actor_id=revoked_by.pk)


def issue_token(*, client_id: str, client_secret: str) -> ClientToken:
    """Return an access token for a client that knows its secret.

    Raises:
        InvalidCredentials: unknown, revoked or expired client, or another secret; the answer does not tell which.
        AddressNotAllowed: the secret is right, and the request is not from one of the client's networks.
    """
    client = ApiClient.objects.select_related("user").filter(pk=UUID(client_id)).first()
    token = None
    if client is not None and _has_secret(client, client_secret) and not client.is_expired:
        check_network(parse_networks(tuple(client.allowed_networks)))
        token = _issue(client)
    if token is None:
        login_events.login_failed(client_id, Door.CLIENT)
        raise InvalidCredentials("No active account with these credentials.")
    return token


def _issue(client: ApiClient) -> ClientToken | None:
    """Return a token of the client's session, of a new one if the last is a day old; None if it is revoked.

    The update of its user's row waits for a revocation that is under way, and holds off the next one.
    """
    now = timezone.now()
    with transaction.atomic(durable=True):
        if not User.objects.filter(pk=client.pk, is_active=True).update(last_login=now):
            return None
        live = client.user.sessions.filter(revoked_at__isnull=True, created_at__gt=now - SESSION_SHARED)
        session = live.order_by("-pk").first()
        if session is None:
            ends_at = min(now + SESSION_KEPT, client.expires_at or now + SESSION_KEPT)
            session = Session.objects.create(user=client.user, expires_at=ends_at)
        token, seconds = issue_access(session, networks=client.allowed_networks, ends_at=client.expires_at)
        login_events.login_succeeded(client.user, Door.CLIENT, session)
    return ClientToken(token, seconds)


def _new_secret() -> str:
    return SECRET_PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


def _has_secret(client: ApiClient, secret: str) -> bool:
    given, former, ends_at = _hash(secret), client.former_secret_hash, client.former_secret_ends_at
    if former is not None and ends_at is not None and timezone.now() < ends_at and hmac.compare_digest(given, former):
        return True
    return hmac.compare_digest(given, client.secret_hash)
