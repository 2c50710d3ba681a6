"""JSON web tokens (RFC 7519): their claims, and how they are read. `Session` says which are still good."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from rest_framework_simplejwt import state
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenBackendError, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from apps.accounts.models import Session
from apps.core.errors import DomainError
from apps.core.observability import request_address
from apps.core.observability.requests import Networks, is_in, parse_networks

# Verified access tokens that a process remembers, and for how long at most.
REMEMBERED_TOKENS = 4_096
REMEMBERED_SECONDS = 60


class InvalidToken(DomainError):
    """The token is malformed, forged, expired, spent or revoked, or its user is gone."""

    code = "invalid_token"

    def __init__(self, message: str = "The token is not valid.") -> None:
        super().__init__(message)


class AddressNotAllowed(DomainError):
    """The client may not be used from the address of this request."""

    code = "address_not_allowed"


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The tokens of a login or a refresh."""

    access: str
    refresh: str
    # Seconds from now.
    expires_in: int
    refresh_expires_in: int
    token_type: str = "Bearer"  # noqa: S105  (not one)


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a signed token; `seller_id` is that of the user when the session began and never changes."""

    user_id: UUID
    session_id: UUID
    seller_id: UUID | None
    jti: str
    expires_at: int  # seconds since 1970
    networks: Networks = ()  # of which the caller's address must be in one; empty: any

    # DRF reads this of the object that `authenticate` returns.
    is_authenticated = True


def check_network(networks: Networks) -> None:
    """Raise `AddressNotAllowed` unless the request comes from one of `networks`; none: from anywhere."""
    if networks and not is_in(address := request_address.current() or "", networks):
        raise AddressNotAllowed("This client may not be used from this address.", address=address)


def session_end(session: Session) -> datetime:
    """Return when the last token of `session` ends, however often it is refreshed."""
    return (session.created_at or timezone.now()) + timedelta(days=settings.SESSION_MAX_DAYS)


def issue_pair(session: Session) -> TokenPair:
    """Return a new access and refresh token for `session`, which names the latter; the caller saves it."""
    now = timezone.now().replace(microsecond=0)  # as tokens have whole seconds
    left = session_end(session) - now
    refresh = RefreshToken()
    refresh_life, access_life = (min(kind.lifetime, left) for kind in (RefreshToken, AccessToken))
    _name_session(refresh, session)
    access = refresh.access_token
    refresh.set_exp(from_time=now, lifetime=refresh_life)
    access.set_exp(from_time=now, lifetime=access_life)
    session.refresh_jti, session.expires_at = refresh["jti"], now + refresh_life
    return TokenPair(str(access), str(refresh), int(access_life.total_seconds()), int(refresh_life.total_seconds()))


def _name_session(token: Token, session: Session) -> None:
    token["user_id"] = str(session.user_id)
    token["sid"] = str(session.pk)
    token["seller_id"] = str(session.user.seller_id) if session.user.seller_id else None


def issue_access(session: Session, *, networks: Sequence[str], ends_at: datetime | None) -> tuple[str, int]:
    """Return an access token for `session` and its seconds; it works from `networks` (empty: from any) and no longer
    than until `ends_at`.
    """
    now = timezone.now().replace(microsecond=0)
    life = min(AccessToken.lifetime, session_end(session) - now, *([ends_at - now] if ends_at else []))
    access = AccessToken()
    _name_session(access, session)
    if networks:
        access["networks"] = list(networks)
    access.set_exp(from_time=now, lifetime=life)
    return str(access), int(life.total_seconds())


def read_access(raw: bytes) -> Claims:
    """Return the claims of an access token.

    A program sends the same token with each request, so a verified one is remembered until the next full minute. What
    is remembered says nothing about the session, which every request reads from the database.

    Raises:
        InvalidToken: bad signature, expired, another kind of token, foreign audience, missing claims.
    """
    now = time.time()
    claims = _remembered(raw, int(now // REMEMBERED_SECONDS), _keys())
    if claims.expires_at <= now:
        raise InvalidToken
    return claims


def read_refresh(raw: str) -> Claims:
    """Return the claims of a refresh token; raises `InvalidToken` as `read_access` does."""
    return _read(RefreshToken, raw.encode())


@lru_cache(maxsize=REMEMBERED_TOKENS)  # `minute` and `keys` are parts of its key
def _remembered(raw: bytes, minute: int, keys: tuple[str, ...]) -> Claims:
    return _read(AccessToken, raw)


def _keys() -> tuple[str, ...]:
    return (str(state.token_backend.signing_key), *settings.JWT_VERIFYING_KEYS_FALLBACK)


def _read(kind: type[AccessToken] | type[RefreshToken], raw: bytes) -> Claims:
    try:
        token = _verify(kind, raw)
        seller_id = token["seller_id"]
        return Claims(
            user_id=UUID(token["user_id"]),
            session_id=UUID(token["sid"]),
            seller_id=UUID(seller_id) if seller_id else None,
            jti=token["jti"],
            expires_at=token["exp"],
            networks=parse_networks(tuple(token.get("networks", ()))),
        )
    except (TokenError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise InvalidToken from error


def _verify(kind: type[AccessToken] | type[RefreshToken], raw: bytes) -> Token:
    """Check the signature with the present key and, if that fails, with the former ones of a rotation.

    Raises:
        TokenError: the signature fits none of the keys, or the token is invalid for another reason.
    """
    try:
        return kind(raw)  # type: ignore[arg-type]  # the stub asks for a Token; bytes are what it decodes
    except ExpiredTokenError:
        raise
    except TokenError:
        for backend in _former_backends(tuple(settings.JWT_VERIFYING_KEYS_FALLBACK)):
            with suppress(TokenBackendError):
                return _with_payload(kind, backend.decode(raw))  # type: ignore[arg-type]  # as above
        raise


@lru_cache(maxsize=4)
def _former_backends(keys: tuple[str, ...]) -> tuple[TokenBackend, ...]:
    of = api_settings
    return tuple(TokenBackend(of.ALGORITHM, key, "", of.AUDIENCE, of.ISSUER) for key in keys)


def _with_payload(kind: type[AccessToken] | type[RefreshToken], payload: dict[str, Any]) -> Token:
    token = kind()
    token.payload = payload
    token.verify()
    return token
