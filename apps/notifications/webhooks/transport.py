"""One request to a receiver: to an allowed address, over TLS, without redirects or proxies, within one deadline."""

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import httpcore
from django.conf import settings

from apps.notifications.webhooks.addresses import AddressRefused, resolve

ANSWER_BYTES = 1024


class NameNotFound(Exception):
    """The name of the receiver has no address."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status and the first kilobyte of the body, or the name of an error."""

    status: int | None
    body: bytes
    error: str
    milliseconds: int


# The most specific first. The words are stored, and shown to the owner.
_ERRORS: tuple[tuple[type[Exception], str], ...] = (
    (AddressRefused, "address_not_allowed"),
    (NameNotFound, "name_not_found"),
    (httpcore.TimeoutException, "timeout"),
    (ssl.SSLError, "tls_failed"),
    (httpcore.NetworkError, "connection_failed"),
    (httpcore.ProtocolError, "invalid_answer"),
)


def post(url: str, headers: dict[str, str], content: bytes) -> Answer:
    """Send `content`, and return what came back within WEBHOOK_TIMEOUT_SECONDS. No failure of the receiver raises."""
    began = time.monotonic()
    deadline = began + settings.WEBHOOK_TIMEOUT_SECONDS
    status, body, error = None, bytearray(), ""
    try:
        with _response(url, headers, content, deadline) as response:
            status = response.status
            _read_first_bytes(response.iter_stream(), body)
    except Exception as failure:
        # A receiver whose body drips or breaks off has answered by its status.
        error = "" if status is not None else _name_of(failure)
    return Answer(status, bytes(body[:ANSWER_BYTES]), error, round((time.monotonic() - began) * 1000))


def _name_of(failure: Exception) -> str:
    known = (failure, *failure.args[:1])  # httpcore's errors carry the socket's own
    for kind, name in _ERRORS:
        if any(isinstance(each, kind) for each in known):
            return name
    raise failure


@contextmanager
def _response(url: str, headers: dict[str, str], content: bytes, deadline: float) -> Iterator[httpcore.Response]:
    parts = urlsplit(url)
    host = parts.netloc.encode()
    target = httpcore.URL(
        scheme=b"https",
        host=(parts.hostname or "").encode(),
        port=parts.port,
        target=(f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/").encode(),
    )
    sent = [(b"Host", host), *((name.encode(), value.encode()) for name, value in headers.items())]
    backend = _GuardedBackend(deadline)
    with (
        httpcore.ConnectionPool(ssl_context=_trust(settings.WEBHOOK_CA_FILE), network_backend=backend) as pool,
        pool.stream(b"POST", target, headers=sent, content=content) as response,
    ):
        yield response


def _read_first_bytes(chunks: Iterable[bytes], body: bytearray) -> None:
    """Add the first kilobyte to `body`, which keeps what came before a failure; read no further."""
    for chunk in chunks:
        body += chunk
        if len(body) >= ANSWER_BYTES:
            break


@lru_cache(maxsize=4)
def _trust(own_authorities: str) -> ssl.SSLContext:
    """Return the context of all requests: certificates are verified, TLS is at least 1.2."""
    context = httpcore.default_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if own_authorities:
        context.load_verify_locations(own_authorities)
    return context


def _left(deadline: float) -> float:
    """Return the seconds until `deadline`."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise httpcore.ReadTimeout("the deadline has passed")
    return seconds


class _GuardedBackend(httpcore.NetworkBackend):
    """A network that resolves a name once, judges its addresses, and connects to these very addresses."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._network = httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.NetworkStream:
        addresses = _resolve_within(host, port, _left(self._deadline))
        for address in addresses[:-1]:
            try:
                return self._connect(address, port)
            except httpcore.NetworkError:
                continue
        return self._connect(addresses[-1], port)

    def _connect(self, address: str, port: int) -> httpcore.NetworkStream:
        stream = self._network.connect_tcp(address, port, timeout=_left(self._deadline))
        return _TimedStream(stream, self._deadline)


def _resolve_within(host: str, port: int, seconds: float) -> list[str]:
    """Return the allowed addresses of `host`; a name server that does not answer is left behind in its thread."""
    outcomes: SimpleQueue[list[str] | Exception] = SimpleQueue()

    def look_up() -> None:
        try:
            outcomes.put(resolve(host, port))
        except (OSError, UnicodeError):
            outcomes.put(NameNotFound(host))
        except Exception as error:
            outcomes.put(error)

    Thread(target=look_up, daemon=True, name="webhook-name").start()
    try:
        found = outcomes.get(timeout=seconds)
    except Empty as error:
        raise httpcore.ConnectTimeout("the name server did not answer") from error
    if isinstance(found, Exception):
        raise found
    return found


class _TimedStream(httpcore.NetworkStream):
    """A stream whose reads and writes all end at one deadline, so that a receiver that drips does not hold us."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
