"""One keep-alive HTTP connection on ``http.client``."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Self
from urllib.parse import urlsplit

from sharj.http import Answer, ConnectionLost

from functional_tests.performance.errors import ServerSilent

# Without any answer for so long, on any connection, the server counts as dead.
SILENCE_SECONDS = float(os.environ.get("LOAD_SILENCE_SECONDS", "10"))
# A little longer, so that a request that is never answered ends when the silence has been noticed.
TIMEOUT_SECONDS = SILENCE_SECONDS + 1
# Servers close a quiet connection (gunicorn after two seconds). Opening a new one
# before that keeps a request from racing with the close.
MAX_IDLE_SECONDS = 1.0


class Pulse:
    """The time of the last answer, shared by all connections and all processes of a run."""

    def __init__(self) -> None:
        # The monotonic clock is the same in all processes of a machine.
        self._last = multiprocessing.get_context("spawn").Value("d", time.monotonic())

    def beat(self) -> None:
        """Note that the server has answered, whatever it answered."""
        self._last.value = time.monotonic()

    def check(self) -> None:
        """Raise ServerSilent if the last answer is too long ago."""
        silence = time.monotonic() - self._last.value
        if silence > SILENCE_SECONDS:
            raise ServerSilent(f"the server has not answered for {silence:.0f} s; the sales made so far stand")


class Transport:
    """A connection to one server, opened when needed and kept open.

    Not safe to share between threads. Knows nothing of retries or logins.
    """

    def __init__(self, base_url: str, pulse: Pulse) -> None:
        self.pulse = pulse
        parts = urlsplit(base_url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        self._prefix = parts.path.rstrip("/")
        self._last_used = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        self._connection.close()

    def connect(self) -> None:
        """Make sure that a fresh enough connection is open; raise ConnectionLost."""
        if time.monotonic() - self._last_used > MAX_IDLE_SECONDS:
            self.close()
        if self._connection.sock is not None:
            return
        try:
            self._connection.connect()
        except OSError as error:
            self.close()
            raise ConnectionLost(_reason(error), sent=False) from error
        self._last_used = time.monotonic()

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Answer:
        """Send one request and return the whole answer; raise ConnectionLost, or ServerSilent after many of them."""
        try:
            return self._send(method, path, headers, body)
        except ConnectionLost:
            self.pulse.check()
            raise

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        self.connect()
        try:
            self._connection.request(method, self._prefix + path, body, dict(headers))
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, HTTPException) as error:
            self.close()
            raise ConnectionLost(_reason(error), sent=True) from error
        self._last_used = time.monotonic()
        self.pulse.beat()
        received = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, received, content)


def _reason(error: Exception) -> str:
    """Name an error in a few words, without the errno."""
    text = error.strerror if isinstance(error, OSError) else str(error)
    return text or str(error) or type(error).__name__
