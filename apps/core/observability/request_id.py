"""The id of the request that this thread is answering, in every response, problem and log line."""

import logging
import re
from contextvars import ContextVar

from uuid_utils import uuid7

_SANE = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_current: ContextVar[str] = ContextVar("request_id", default="-")


def start(client_value: str) -> str:
    """Use the client's id if it is safe for a log line, else make one; return it."""
    request_id = client_value if _SANE.fullmatch(client_value) else str(uuid7())
    _current.set(request_id)
    return request_id


def current() -> str:
    """Return the id of the current request, or `-` outside one."""
    return _current.get()


class RequestIdFilter(logging.Filter):
    """Add `request_id` to every log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current()
        return True
