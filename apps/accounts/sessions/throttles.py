"""Limits of logins, registrations and requests."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from rest_framework.exceptions import Throttled
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from apps.accounts.models import User
from apps.accounts.second_factor.services import InvalidOtp
from apps.accounts.sessions.services import InvalidCredentials, WrongPassword, has_logged_in_from
from apps.core.limits.rate_limits import Count, Limit, count, retry_after_seconds
from apps.core.limits.throttles import CountingThrottle
from apps.core.observability import events, request_address


def client_network(request: Request | HttpRequest) -> str:
    """Return the client's address, or its network in IPv6."""
    return request_address.network_of(str(request.META.get("REMOTE_ADDR", "")))


class AddressThrottle(CountingThrottle):
    """A limit on the calls of one kind from one address."""

    def client(self, request: Request) -> str:
        return client_network(request)

    def refused(self, client: str, limit: Limit, counted: Count) -> None:
        _tell_once(counted, limit, what=self.policy, client=client)


class LoginThrottle(AddressThrottle):
    policy = "login"

    def limit(self, request: Request | None) -> Limit:
        return Limit(settings.LOGINS_PER_MINUTE, 60)


class RegistrationThrottle(AddressThrottle):
    policy = "registration"

    def limit(self, request: Request) -> Limit:
        return Limit(settings.REGISTRATIONS_PER_HOUR, 3600)


class AccountChangeThrottle(CountingThrottle):
    """A limit on calls of one user of a seller that may tell whether a name or an email is in use."""

    policy = "account-changes"

    def limit(self, request: Request) -> Limit:
        asks = request.method not in SAFE_METHODS and not request.user.is_staff
        return Limit(self.times() if asks else 0, 3600)

    def times(self) -> int:
        """Return the number of calls an hour."""
        return settings.ACCOUNT_CHANGES_PER_HOUR

    def client(self, request: Request) -> str:
        return str(request.user.pk)

    def refused(self, client: str, limit: Limit, counted: Count) -> None:
        _tell_once(counted, limit, what=self.policy, client=client)


class AccountChangeAddressThrottle(AccountChangeThrottle):
    """The same for all users at one address."""

    policy = "account-changes-of-address"

    def times(self) -> int:
        return settings.ACCOUNT_CHANGES_PER_HOUR_PER_ADDRESS

    def client(self, request: Request) -> str:
        return client_network(request)


class RequestThrottle(CountingThrottle):
    """A limit on the requests of one seller, without charges; off unless RATE_LIMIT_REQUESTS_PER_MINUTE is set."""

    policy = "requests"

    def limit(self, request: Request) -> Limit:
        if not settings.RATE_LIMIT_REQUESTS_PER_MINUTE:
            return Limit(0, 60)
        seller = getattr(request.user, "seller", None)
        if seller is None:
            return Limit(0, 60)
        own = seller.requests_per_minute
        return Limit(settings.RATE_LIMIT_REQUESTS_PER_MINUTE if own is None else own, 60)

    def client(self, request: Request) -> str:
        return str(request.user.seller_id)  # type: ignore[union-attr]  # a user with a seller: see `limit`


ACCOUNT_CHANGE_THROTTLES = (RequestThrottle, AccountChangeThrottle, AccountChangeAddressThrottle)


class PendingSellerThrottle(CountingThrottle):
    """A limit on what a seller that is not verified yet adds: users and credit requests, counted together."""

    policy = "pending-seller"

    def limit(self, request: Request) -> Limit:
        seller = getattr(request.user, "seller", None)
        is_pending = request.method == "POST" and seller is not None and seller.status == "pending"
        return Limit(settings.PENDING_SELLER_ADDITIONS_PER_HOUR if is_pending else 0, 3600)

    def client(self, request: Request) -> str:
        return str(request.user.seller_id)  # type: ignore[union-attr]  # a user with a seller: see `limit`


@contextmanager
def failures_limited(request: Request | HttpRequest, username: str) -> Iterator[None]:
    """Refuse the block after too many failures for this account from this address, or from all unknown ones together.

    Each attempt counts when it begins, so that parallel guesses count too, and is taken back unless it fails. Guesses
    from elsewhere do not lock a user out: addresses from which the account has logged in have only their own count.

    Raises:
        Throttled: there were too many.
    """
    address = client_network(request)
    # The name is normalised and folded as logins and the database do, and hashed: the typed text may be a password.
    name = hashlib.sha256(User.normalize_username(username).upper().encode(errors="surrogatepass")).hexdigest()[:32]
    seconds = settings.LOGIN_FAILURES_WINDOW_SECONDS
    here = (f"login-failure:{name}:{address}", Limit(settings.LOGIN_FAILURES_PER_ACCOUNT, seconds))
    anywhere = (f"login-failure:{name}", Limit(settings.LOGIN_FAILURES_PER_ACCOUNT_EVERYWHERE, seconds))
    _refuse_beyond(*here, account=name, client=address)
    counted = count(*anywhere)
    if counted.exceeds(anywhere[1]) and not has_logged_in_from(username, address):
        _tell_once(counted, anywhere[1], what="login failures everywhere", account=name)
        raise Throttled(wait=retry_after_seconds(counted))
    try:
        yield
    except (InvalidCredentials, InvalidOtp, WrongPassword, ValidationError):  # of the API, and of the admin's form
        raise
    except BaseException:
        _take_back(here, anywhere)
        raise
    _take_back(here, anywhere)


def _refuse_beyond(key: str, limit: Limit, **told: str) -> None:
    counted = count(key, limit)
    if counted.exceeds(limit):
        _tell_once(counted, limit, what="login failures", **told)
        raise Throttled(wait=retry_after_seconds(counted))


def _take_back(*counts: tuple[str, Limit]) -> None:
    for key, limit in counts:
        count(key, limit, -1)


def _tell_once(counted: Count, limit: Limit, **fields: Any) -> None:
    if counted.times == limit.times + 1:
        events.security_warning("locked_out", seconds=retry_after_seconds(counted), **fields)
