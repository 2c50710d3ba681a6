"""Callers of the API, and the required form of every answer and refusal."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from rest_framework.test import APIClient

BASE = "/api/v1/"
PHONE = "+989123456789"

_PROBLEM = {"type", "title", "status", "detail", "code", "request_id"}
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@dataclass(frozen=True)
class Answer:
    """An answer of the API."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        """The decoded JSON."""
        return json.loads(self.content)

    @property
    def content_type(self) -> str:
        """The media type, without parameters."""
        return self.headers["Content-Type"].partition(";")[0]

    @property
    def codes(self) -> set[tuple[str, str]]:
        """`(field, code)` of each complaint about the input."""
        return {(error["field"], error["code"]) for error in self.body["errors"]}


@dataclass(frozen=True)
class Caller:
    """A client of the API with the tokens of one login, or without."""

    access: str = ""
    refresh: str = ""

    @classmethod
    def of(cls, login: Answer) -> "Caller":
        """Return the caller with the tokens of a login or a refresh."""
        return cls(login.body["access"], login.body["refresh"])

    def get(self, path: str, query: Mapping[str, Any] | None = None, **headers: str) -> Answer:
        """GET; a path is relative to the API unless it is absolute (as `next` is)."""
        return self.send("GET", path, query=query, headers=headers)

    def post(self, path: str, body: object = None, *, key: str | None = None, **headers: str) -> Answer:
        """POST `body` as JSON (None: no body), with an `Idempotency-Key` if given."""
        if key is not None:
            headers["Idempotency-Key"] = key
        return self.send("POST", path, _encode(body), headers=headers)

    def patch(self, path: str, body: object) -> Answer:
        """PATCH with JSON."""
        return self.send("PATCH", path, _encode(body))

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Send `body` as JSON (None: no body) by any method."""
        return self.send(method, path, _encode(body), headers=headers)

    def charge(self, amount: object = "10.00", *, phone_number: object = PHONE, key: str | None = None) -> Answer:
        """Sell a charge."""
        return self.post("charges/", {"phone_number": phone_number, "amount": amount}, key=key)

    def send(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        *,
        content_type: str = "application/json",
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send any content; an error inside the service is raised here instead of becoming a 500."""
        url = path if path.startswith(("/", "http")) else BASE + path
        sent = {"Authorization": f"Bearer {self.access}"} if self.access else {}
        sent.update(headers or {})
        more: dict[str, Any] = {"query_params": query} if query else {}
        body: Any = content  # the stub wants text; bytes are what it takes
        return _answer(APIClient().generic(method, url, body, content_type=content_type, headers=sent, **more))


def _encode(body: object) -> bytes:
    return b"" if body is None else json.dumps(body).encode()


def _answer(response: Any) -> Answer:
    assert isinstance(response, HttpResponse | StreamingHttpResponse)
    content = b"".join(response) if isinstance(response, StreamingHttpResponse) else response.content
    assert response.headers["X-Request-ID"]
    return Answer(response.status_code, response.headers, content)


def assert_problem(answer: Answer, status: int, code: str, **members: object) -> None:
    """Assert that the answer is the problem `code` (RFC 9457) with exactly these members besides the common ones."""
    assert (answer.status, answer.content_type) == (status, "application/problem+json"), answer.content
    body = answer.body
    extra = {name: value for name, value in body.items() if name not in _PROBLEM}
    assert (body["code"], extra) == (code, members)
    assert body.keys() >= _PROBLEM
    assert body["status"] == status
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert body["title"]
    assert body["detail"]


def assert_invalid(answer: Answer, *fields: str) -> None:
    """Assert that the answer is 400 `validation_error`, about exactly the `fields` if any are given."""
    assert answer.status == 400, answer.content
    errors = answer.body["errors"]
    assert_problem(answer, 400, "validation_error", errors=errors)
    assert errors
    assert all(error.keys() == {"field", "code", "detail"} for error in errors)
    if fields:
        assert {error["field"] for error in errors} == set(fields)
