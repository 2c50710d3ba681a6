"""The client address of the request that this thread is answering, behind our proxies; the audit trail names it."""

from contextvars import ContextVar
from ipaddress import ip_address

_current: ContextVar[str | None] = ContextVar("request_address", default=None)


def start(address: str) -> None:
    """Remember the address of a request that begins; any other text is dropped."""
    try:
        _current.set(str(ip_address(address)))
    except ValueError:
        _current.set(None)


def current() -> str | None:
    """Return the address of the current request, or None outside one."""
    return _current.get()
