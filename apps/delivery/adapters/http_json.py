"""The adapter of operators that speak JSON over HTTP; the simulator is one. docs/operators.md has the wire format."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from http import HTTPStatus
from typing import Any

import httpx
from circuitbreaker import CircuitBreaker

from apps.core.values.money import format_money
from apps.delivery.adapters import signing
from apps.delivery.adapters.protocol import Answer, Callback, InvalidCallback, Outcome, TopUp

MAX_ANSWER_BYTES = 65_536
_KEPT_CHARACTERS = 1_000
_SAID = {outcome.value: outcome for outcome in (Outcome.DELIVERED, Outcome.REFUSED, Outcome.ACCEPTED, Outcome.UNHEARD)}
# The request cannot have reached the operator.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL)


class BadSettings(ValueError):
    """The settings of an operator are not those of its adapter."""


class _ServerError(Exception):
    """The operator answered with a status of the 500s: the breaker counts it."""

    def __init__(self, answered: str) -> None:
        super().__init__(answered)
        self.answered = answered


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """Settings of an operator with this adapter."""

    base_url: str
    auth: str = "hmac"  # or "bearer"
    connect_timeout_seconds: float = 3.0
    read_timeout_seconds: float = 15.0
    breaker_failures: int = 20
    breaker_rest_seconds: float = 10.0
    connections: int = 32

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "HttpSettings":
        """Return the settings in a row.

        Raises:
            BadSettings: an unknown name, a missing address, or a value of the wrong kind.
        """
        if unknown := given.keys() - {field.name for field in fields(cls)}:
            raise BadSettings(f"Not settings of this adapter: {', '.join(sorted(unknown))}.")
        url = httpx.URL(str(given.get("base_url", "")))
        if url.scheme != "https" and not (url.scheme == "http" and url.host in ("127.0.0.1", "localhost", "::1")):
            raise BadSettings("base_url must be https://…; http:// only on this machine.")
        if url.userinfo:
            raise BadSettings("base_url may not have a password in it: pages and the audit trail show it.")
        if given.get("auth", "hmac") not in ("hmac", "bearer"):
            raise BadSettings("auth must be hmac or bearer.")
        for name in given.keys() - {"base_url", "auth"}:
            if (
                isinstance(given[name], bool)
                or not isinstance(given[name], int | float)
                or not 0 < given[name] <= 3_600
            ):
                raise BadSettings(f"{name} must be a number above 0 and at most 3600.")
        return cls(**given)


class HttpJsonAdapter:
    """Two calls over one pool of connections, behind a breaker that rests after many failures in a row."""

    def __init__(self, given: Mapping[str, Any], secret: str) -> None:
        self._settings = settings = HttpSettings.read(given)
        self._secret = secret
        # Unlike pybreaker's, this one holds no lock during a call, which would send one call at a time.
        self._breaker = CircuitBreaker(
            failure_threshold=int(settings.breaker_failures),
            recovery_timeout=settings.breaker_rest_seconds,
            name=settings.base_url,
        )
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()

    def submit(self, top_up: TopUp) -> Answer:
        """POST topups/."""
        body = {
            "reference": top_up.reference,
            "phone_number": top_up.phone_number,
            "amount": format_money(top_up.amount),
        }
        return self._ask("POST", "/topups", json.dumps(body).encode(), top_up.reference)

    def inquire(self, reference: str) -> Answer:
        """GET topups/REFERENCE."""
        return self._ask("GET", f"/topups/{reference}", b"", reference)

    def close(self) -> None:
        """Close the pool."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> Callback:
        """Return what a signed callback says; its body is that of an answer."""
        moment, signature = headers.get(signing.TIME_HEADER, ""), headers.get(signing.SIGNATURE_HEADER, "")
        if not signing.is_signed(self._secret, "callback", body, moment=moment, signature=signature):
            raise InvalidCallback("The signature is wrong or old.")
        said = _object(body)
        reference = said.get("reference")
        answer = _read(said, str(reference), "", _text(body))
        if not isinstance(reference, str) or answer.outcome in (Outcome.UNKNOWN, Outcome.UNHEARD):
            raise InvalidCallback("The body is not a callback.")
        return Callback(reference, answer)

    def _ask(self, method: str, path: str, body: bytes, reference: str) -> Answer:
        """Call the operator; whatever goes wrong is an answer too."""
        sent = f"{method} {path} {body.decode()}".strip()
        if self._breaker.opened:
            return Answer(Outcome.NOT_SENT, sent=sent, answered="Not sent: the operator failed too often just now.")
        try:
            with self._breaker:
                content = self._call(method, path, body)
        except _ServerError as error:
            return Answer(Outcome.UNKNOWN, sent=sent, answered=error.answered)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            outcome = Outcome.NOT_SENT if isinstance(error, _NOT_SENT) else Outcome.UNKNOWN
            return Answer(outcome, sent=sent, answered=f"{type(error).__name__}: {error}"[:_KEPT_CHARACTERS])
        return _read(_object(content), reference, sent, _text(content))

    def _call(self, method: str, path: str, body: bytes) -> bytes:
        """Return the body of the answer, cut at `MAX_ANSWER_BYTES`."""
        headers = {"Content-Type": "application/json", **self._authorization(method, path, body)}
        give_up = time.monotonic() + self._settings.read_timeout_seconds
        found = b""
        with self._connections().stream(
            method, self._settings.base_url.rstrip("/") + path, content=body, headers=headers
        ) as answer:
            for part in answer.iter_bytes():
                found += part
                if time.monotonic() > give_up or len(found) > MAX_ANSWER_BYTES:
                    raise httpx.ReadTimeout("The answer takes too long.")
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _ServerError(f"{answer.status_code} {_text(found)}"[:_KEPT_CHARACTERS])
        return found

    def _authorization(self, method: str, path: str, body: bytes) -> dict[str, str]:
        if self._settings.auth == "bearer":
            return {"Authorization": f"Bearer {self._secret}"}
        return signing.signature_headers(self._secret, f"{method} {path}", body)

    def _connections(self) -> httpx.Client:
        """Return the pool, opened when it is first needed: what checks certificates takes tens of milliseconds."""
        with self._lock:
            if self._client is None:
                settings = self._settings
                timeout = httpx.Timeout(settings.read_timeout_seconds, connect=settings.connect_timeout_seconds)
                limits = httpx.Limits(
                    max_connections=int(settings.connections), max_keepalive_connections=int(settings.connections)
                )
                self._client = httpx.Client(timeout=timeout, limits=limits, trust_env=False)
        return self._client


def _object(content: bytes) -> dict[str, Any]:
    """Return the JSON object in `content`; an empty one if there is none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _read(said: Mapping[str, Any], reference: str, sent: str, answered: str) -> Answer:
    """Return what an object says about `reference`; one about another reference says nothing."""
    status = said.get("status")
    known = isinstance(status, str) and status in _SAID and said.get("reference") == reference
    return Answer(
        _SAID[str(status)] if known else Outcome.UNKNOWN,
        operator_reference=_word(said.get("operator_reference"), 128) if known else "",
        message=_word(said.get("message"), 500) if known else "",
        sent=sent,
        answered=answered,
    )


def _word(value: object, length: int) -> str:
    return _printable(value)[:length] if isinstance(value, str) else ""


def _text(content: bytes) -> str:
    return _printable(content.decode("utf-8", errors="replace"))[:_KEPT_CHARACTERS]


def _printable(text: str) -> str:
    """Return `text` without characters that PostgreSQL or a page cannot show."""
    return "".join(character if character.isprintable() else " " for character in text)
