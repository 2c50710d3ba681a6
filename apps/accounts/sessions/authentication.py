"""Bearer tokens (RFC 6750) for DRF."""

from typing import cast

from django.utils.translation import gettext_noop
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication

from apps.accounts.models import User
from apps.accounts.sessions import services as sessions
from apps.accounts.sessions.tokens import Claims, InvalidToken, check_network, read_access


class ClaimsAuthentication(JWTAuthentication):
    """Authentication by signature only, for views whose use case checks user, role and session in its own query."""

    def authenticate(self, request: Request) -> tuple[Claims, Claims] | None:  # type: ignore[override]  # our Claims, not its Token
        header = self.get_header(request)
        raw = self.get_raw_token(header) if header else None
        if raw is None:
            return None
        claims = read_access(raw)
        check_network(claims.networks)
        return claims, claims

    def get_raw_token(self, header: bytes) -> bytes | None:
        """Return the token of a header whose scheme is `Bearer`, in any case (RFC 9110); None for another scheme.

        Raises:
            InvalidToken: a token without its scheme, or a scheme without its token.
        """
        scheme, *token = header.split() or (b"",)
        is_bearer = scheme.lower() == b"bearer"
        if is_bearer and len(token) == 1:
            return token[0]
        if is_bearer or (scheme and not token):
            raise InvalidToken(gettext_noop("Write the token in this form: `Authorization: Bearer <access token>`."))
        return None


class SessionTokenAuthentication(ClaimsAuthentication):
    """Authentication by signature, session and user, so that logout and deactivation act at once."""

    def authenticate(self, request: Request) -> tuple[User, Claims] | None:  # type: ignore[override]  # a User for Claims
        authenticated = super().authenticate(request)
        if authenticated is None:
            return None
        claims = authenticated[0]
        user = sessions.live_user(claims)
        if user is None:
            raise InvalidToken
        return user, claims


def claims_of(request: Request) -> Claims:
    """Return the claims of the token that authenticated `request`."""
    return cast("Claims", request.auth)
