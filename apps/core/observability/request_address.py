"""The client address of the request that this thread is answering, behind our proxies; the audit trail names it."""

from contextvars import ContextVar
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

_current: ContextVar[str | None] = ContextVar("request_address", default=None)


def start(address: str) -> None:
    """Remember the address of a request that begins; any other text is dropped."""
    _current.set(_parse(address))


@lru_cache(maxsize=4096)
def _parse(address: str) -> str | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    # A socket for both versions writes an IPv4 address as one of IPv6.
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def current() -> str | None:
    """Return the address of the current request, or None outside one."""
    return _current.get()


def network_of(address: str) -> str:
    """Return `address`, or its /64 in IPv6, all of which one client usually has; any other text as it is."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
    return str(parsed)
