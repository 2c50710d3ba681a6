"""Limits of logins and registrations, by the client's address."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from apps.accounts.sessions import InvalidCredentials
from apps.core import events
from apps.core.rate_limits import Count, Limit, count, retry_after_seconds


def _address(request: Request) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


class AddressThrottle(BaseThrottle):
    """So many calls of one kind from one address; the subclass says which."""

    scope: str

    def limit(self) -> Limit:
        """Return the limit that the settings give."""
        raise NotImplementedError

    def allow_request(self, request: Request, view: APIView) -> bool:
        self.counted = count(f"{self.scope}:{_address(request)}", self.limit())
        if not self.counted.exceeds(self.limit()):
            return True
        _tell_once(self.counted, self.limit(), what=self.scope, client=_address(request))
        return False

    def wait(self) -> float:
        return retry_after_seconds(self.counted)


class LoginThrottle(AddressThrottle):
    scope = "login"

    def limit(self) -> Limit:
        return Limit(settings.LOGINS_PER_MINUTE, 60)


class RegistrationThrottle(AddressThrottle):
    scope = "registration"

    def limit(self) -> Limit:
        return Limit(settings.REGISTRATIONS_PER_HOUR, 3600)


@contextmanager
def failures_limited(request: Request, username: str) -> Iterator[None]:
    """Refuse the block after too many failures for this account from this address.

    Each attempt counts when it begins, so that parallel guesses count too, and is taken back unless it fails. The
    account alone is not locked: a stranger could lock its owner out.

    Raises:
        Throttled: there were too many.
    """
    limit = Limit(settings.LOGIN_FAILURES_PER_ACCOUNT, settings.LOGIN_FAILURES_WINDOW_SECONDS)
    # The name is folded as the database folds it, and hashed: what was typed may be a password.
    name = hashlib.sha256(username.upper().encode()).hexdigest()[:32]
    key = f"login-failure:{name}:{_address(request)}"
    counted = count(key, limit)
    if counted.exceeds(limit):
        _tell_once(counted, limit, what="login failures", client=_address(request), account=name)
        raise Throttled(wait=retry_after_seconds(counted))
    try:
        yield
    except InvalidCredentials:
        raise
    except BaseException:
        count(key, limit, -1)
        raise
    count(key, limit, -1)


def _tell_once(counted: Count, limit: Limit, **fields: Any) -> None:
    if counted.times == limit.times + 1:
        events.security_warning("locked_out", seconds=retry_after_seconds(counted), **fields)
