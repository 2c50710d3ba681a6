"""The client address, the counters and the log line of every request."""

import logging
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import LazyObject, empty

from apps.core.observability import events, metrics, request_address

Networks = tuple[IPv4Network | IPv6Network, ...]

logger = logging.getLogger("sharj.requests")

_REFUSED_BY_ROLE = frozenset({"permission_denied", "self_approval", "address_not_allowed"})


def take_client_address(request: HttpRequest) -> None:
    """Put the client's address into REMOTE_ADDR when one of our proxies (TRUSTED_PROXIES) reports it.

    `X-Forwarded-For` from any other peer is dropped. (gunicorn judges `X-Forwarded-Proto`: it sets the scheme of the
    request by `forwarded_allow_ips`, the same networks.)
    """
    forwarded = request.META.pop("HTTP_X_FORWARDED_FOR", "")
    if forwarded:
        request.META["REMOTE_ADDR"] = client_address(request.META.get("REMOTE_ADDR", ""), forwarded)
    request_address.start(request.META.get("REMOTE_ADDR", ""))


def client_address(peer: str, forwarded: str) -> str:
    """Return the last address of the chain that is not one of our proxies."""
    proxies = parse_networks(tuple(settings.TRUSTED_PROXIES))
    for hop in reversed(forwarded.split(",")):
        if not is_in(peer, proxies):
            break
        if not is_address(hop.strip()):
            break
        peer = hop.strip()
    return peer


@lru_cache(maxsize=8)
def parse_networks(networks: tuple[str, ...]) -> Networks:
    """Return networks from their text, such as `10.0.0.0/8`."""
    return tuple(ip_network(network) for network in networks)


@lru_cache(maxsize=4096)
def is_in(address: str, networks: Networks) -> bool:
    """Tell whether `address` is an IP address in one of `networks`."""
    return is_address(address) and any(ip_address(address) in network for network in networks)


def is_address(text: str) -> bool:
    """Tell whether `text` is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def observe(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """Count an answered request and log it in one line, by its route: the path is arbitrary input."""
    match = request.resolver_match
    route = match.route or "/" if match else "unmatched"
    metrics.count_request(request.method or "", route, response.status_code, seconds)
    code = _count_outcome(route, response)
    if code in _REFUSED_BY_ROLE or logger.isEnabledFor(logging.INFO):
        fields = _describe(request, route, response.status_code, seconds)
        if code:
            fields["code"] = code
        logger.info("request", extra={"fields": fields})
        if code in _REFUSED_BY_ROLE:
            events.security("access_refused", **fields)


def _count_outcome(route: str, response: HttpResponse) -> str:
    """Count a refusal or a replay; return the code of the refusal."""
    if response.status_code < 400:
        if response.has_header("Idempotent-Replayed"):
            metrics.REPLAYS.labels(route).inc()
        return ""
    data = getattr(response, "data", None)
    code = str(data.get("code") or "") if isinstance(data, dict) else ""
    metrics.REFUSALS.labels(route, code or f"http_{response.status_code}").inc()
    return code


def _describe(request: HttpRequest, route: str, status: int, seconds: float) -> dict[str, Any]:
    user = request.__dict__.get("user")
    if isinstance(user, LazyObject) and user.__dict__["_wrapped"] is empty:
        user = None  # not read so far, and a log line must not cost a query
    return {
        "method": request.method,
        "route": route,
        "status": status,
        "milliseconds": round(seconds * 1000, 2),
        "user": getattr(user, "pk", None) or getattr(user, "user_id", None),
        "seller": getattr(user, "seller_id", None),
        "client": request.META.get("REMOTE_ADDR"),
    }
