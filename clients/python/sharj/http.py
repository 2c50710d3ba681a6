"""Answers, what became of requests without a good one, and connections."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class SharjError(Exception):
    """Any failure of a call."""


class Refused(SharjError):
    """The server refused the request, and nothing happened. `code` is one of docs/api-errors.md."""

    def __init__(self, call: str, answer: "Answer") -> None:
        super().__init__(f"{call} answered {answer.summary()}")
        self.status, self.code, self.problem = answer.status, answer.code, answer.problem


class Unavailable(SharjError):
    """The server was busy or away for as long as the client was patient, and nothing happened."""


class OutcomeUnknown(SharjError):
    """The request may have been carried out. Send it again with the same `key`, or look for the key."""

    def __init__(self, message: str, key: str | None = None) -> None:
        super().__init__(message)
        self.key = key


class ConnectionLost(Exception):
    """No answer arrived, or one that tells no outcome; `sent`: the server may have got the request."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; names of headers are in lower case. `attempts`: how often the request was sent until it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    attempts: int = 1

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object; raise SharjError if it is not one."""
        if not (found := self.problem):
            raise SharjError(f"{self.summary()}: the body is not a JSON object")
        return found

    @property
    def problem(self) -> dict[str, Any]:
        """The body as a JSON object; empty if it is not one."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def code(self) -> str:
        """The code of a refusal, of OAuth's at `auth/token/`; empty if there is none."""
        problem = self.problem
        return str(problem.get("code") or problem.get("error") or "")

    def summary(self) -> str:
        """Return status, code and request id: what a bug report needs."""
        return f"{self.status} {self.code}".rstrip() + f" (request id {self.headers.get('x-request-id', 'none')})"


class Transport(Protocol):
    """What carries requests to one server; `path` begins with a slash."""

    def request(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send one request and return the whole answer; raise ConnectionLost."""


class PoolTransport:
    """Connections of urllib3, kept open and shared by threads."""

    def __init__(self, base_url: str, timeout_seconds: float = 30.0) -> None:
        import urllib3  # here, as programs with another transport need not have it

        self._errors = urllib3.exceptions
        self._pool = urllib3.PoolManager(retries=False, timeout=timeout_seconds, maxsize=32)
        self._base_url = base_url.rstrip("/")

    def request(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send one request and return the whole answer; raise ConnectionLost."""
        try:
            answer = self._pool.request(method, self._base_url + path, headers=headers, body=body, redirect=False)
        except self._errors.HTTPError as error:
            unsent = isinstance(error, self._errors.NewConnectionError | self._errors.ConnectTimeoutError)
            raise ConnectionLost(str(error), sent=not unsent) from error
        return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.data)
