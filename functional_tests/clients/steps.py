"""A walk through all operations of the API: who calls what, and what is answered.

Bodies are the examples of the document, ids come from earlier answers by the document's `x-links`. So a step states
only what differs.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

PHONE = "+989123456789"


@dataclass(frozen=True)
class Step:
    """A call as `caller`, and the status of its answer. `change`: members that differ from the example."""

    caller: str
    operation: str  # "POST /charges/"
    status: int
    change: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    query: Mapping[str, str] = field(default_factory=dict)


def _charge(amount: str, key: str | None = None) -> dict[str, Any]:
    return {"phone_number": PHONE, "amount": amount, **({"idempotency_key": key} if key else {})}


# The batch's items: accepted, refused, replayed (of the charge before), replayed (of the first item).
_MIXED = [_charge("1.00", "a"), _charge("999999999.00"), _charge("5.00", "one"), _charge("1.00", "a")]
STEPS = (
    *(Step("", f"GET /health/{path}", 200) for path in ("", "live/", "ready/")),
    Step("", "GET /auth/me/", 401),
    Step("", "POST /auth/seller/register/", 201),
    Step("", "POST /auth/seller/register/", 400),
    Step("", "POST /auth/seller/login/", 401, {"password": "wrong"}),
    Step("seller", "POST /auth/seller/login/", 200),
    Step("seller", "POST /auth/refresh/", 200),
    Step("admin", "POST /auth/admin/login/", 200),
    Step("seller", "GET /auth/me/", 200),  # with a seller
    Step("admin", "GET /auth/me/", 200),  # without
    Step("seller", "POST /charges/", 403),
    Step("admin", "POST /sellers/{seller_id}/verify/", 200),
    Step("admin", "POST /sellers/{seller_id}/verify/", 409),
    Step("admin", "POST /sellers/{seller_id}/suspend/", 200),
    Step("admin", "POST /sellers/{seller_id}/reactivate/", 200),
    Step("seller", "GET /sellers/{seller_id}/", 200),
    Step("admin", "PATCH /sellers/{seller_id}/", 200),
    Step("admin", "PATCH /sellers/{seller_id}/", 200, {"daily_limit": None}),
    Step("seller", "POST /credit-requests/", 201),
    Step("seller", "GET /credit-requests/{credit_request_id}/", 200),  # with nulls
    Step("admin", "POST /credit-requests/{credit_request_id}/approve/", 200),
    Step("admin", "POST /credit-requests/{credit_request_id}/approve/", 409),
    Step("seller", "GET /credit-requests/{credit_request_id}/", 200),  # without
    Step("seller", "POST /credit-requests/", 201, key="ask-1"),
    Step("seller", "POST /credit-requests/", 201, key="ask-1"),
    Step("seller", "POST /credit-requests/{credit_request_id}/cancel/", 200),
    Step("seller", "POST /credit-requests/", 201),
    Step("admin", "POST /credit-requests/{credit_request_id}/reject/", 200),
    Step("seller", "GET /credit-requests/", 200),
    Step("seller", "POST /charges/", 400, {"amount": "0"}),
    Step("seller", "POST /charges/", 409, {"amount": "999999999.00"}),
    Step("seller", "POST /charges/", 201, _charge("5.00"), key="one"),
    Step("seller", "POST /charges/", 201, _charge("5.00"), key="one"),
    Step("seller", "POST /charges/", 422, _charge("6.00"), key="one"),
    Step("seller", "POST /charges/bulk/", 200, {"charges": _MIXED}),
    Step("seller", "POST /charges/bulk/", 409, {"charges": _MIXED, "atomic": True}),
    Step("seller", "POST /charges/", 201, _charge("2.00")),  # without a key
    Step("seller", "GET /transactions/{entry_id}/", 200),
    Step("admin", "POST /transactions/{entry_id}/reverse/", 201),
    Step("admin", "POST /transactions/{entry_id}/reverse/", 409),
    Step("seller", "GET /transactions/", 200),
    Step("seller", "GET /sellers/{seller_id}/transactions/", 200),
    Step("seller", "GET /sellers/{seller_id}/balance/", 200),
    Step("seller", "GET /sellers/{seller_id}/statement/", 200),
    Step("seller", "GET /sellers/{seller_id}/reconciliation/", 200),
    Step("seller", "GET /phone-numbers/", 200),
    Step("seller", "GET /events/", 200),
    Step("seller", "GET /events/stream/", 307),  # to the server of the stream
    Step("seller", "GET /operators/", 200),
    Step("seller", "GET /operators/lookup/", 404, query={"phone_number": PHONE}),
    Step("seller", "GET /deliveries/", 200),
    Step("seller", "GET /deliveries/{delivery_id}/", 404, {"delivery_id": str(uuid.UUID(int=0))}),
    Step("admin", "POST /deliveries/{delivery_id}/resolve/", 404, {"delivery_id": str(uuid.UUID(int=0))}),
    Step("seller", "GET /sellers/", 403),
    Step("admin", "GET /sellers/", 200),
    Step("admin", "POST /sellers/", 201),
    Step("admin", "GET /reconciliation/", 200),
    Step("seller", "POST /sellers/me/users/", 201),
    Step("seller", "GET /sellers/me/users/", 200),
    Step("seller", "GET /sellers/me/users/{user_id}/", 200),
    Step("seller", "PATCH /sellers/me/users/{user_id}/", 200),
    Step("seller", "DELETE /sellers/me/users/{user_id}/", 204),
    Step("seller", "GET /sellers/me/users/{user_id}/", 404, {"user_id": str(uuid.UUID(int=0))}),
    Step("seller", "POST /api-clients/", 201),
    Step("seller", "GET /api-clients/{client_id}/", 200),  # with nulls
    Step("", "POST /auth/token/", 401),
    Step("program", "POST /auth/token/", 200),
    Step("program", "GET /auth/me/", 200),
    Step("program", "POST /api-clients/", 403),
    Step("seller", "POST /api-clients/{client_id}/rotate-secret/", 200),
    Step("seller", "GET /api-clients/", 200),
    Step("seller", "DELETE /api-clients/{client_id}/", 204),
    Step("seller", "POST /api-clients/{client_id}/rotate-secret/", 409),
    Step("program", "GET /auth/me/", 401),
    Step("seller", "POST /webhook-endpoints/", 201),
    Step("seller", "POST /webhook-endpoints/", 400),  # the same again
    Step("seller", "GET /webhook-endpoints/", 200),
    Step("seller", "GET /webhook-endpoints/{endpoint_id}/", 200),
    Step("seller", "PATCH /webhook-endpoints/{endpoint_id}/", 200),  # all types of events: null
    Step("seller", "POST /webhook-endpoints/{endpoint_id}/rotate-secret/", 200),
    Step("seller", "POST /webhook-endpoints/{endpoint_id}/test/", 202),
    Step("seller", "POST /webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/resend/", 202),
    Step("seller", "GET /webhook-endpoints/{endpoint_id}/deliveries/", 200),
    Step("seller", "DELETE /webhook-endpoints/{endpoint_id}/", 204),
    Step("admin", "POST /auth/step-up/", 401),
    Step("seller", "POST /auth/logout/", 204),
    Step("seller", "POST /auth/seller/login/", 200),
    Step("seller", "POST /auth/logout-everywhere/", 204),
    Step("seller", "POST /auth/seller/login/", 200),
    Step("seller", "POST /auth/password/", 204),
)


@dataclass(frozen=True)
class Call:
    """A request as every client takes it; `path` and `headers` by the names of the document."""

    tag: str
    operation_id: str
    path: Mapping[str, str]
    headers: Mapping[str, str]
    body: Mapping[str, Any] | None
    token: str
    query: Mapping[str, str]


class GeneratedClient(Protocol):
    """A client that sends a call, and fails if it cannot parse the answer by the document."""

    def send(self, call: Call) -> tuple[int, bytes]: ...


class Walk:
    """One client's way through `STEPS`, on a seller of its own."""

    def __init__(self, document: Mapping[str, Any], client: GeneratedClient, password: str) -> None:
        self._document, self._client = document, client
        self._suffix = uuid.uuid4().hex[:8]
        self._ids: dict[str, str] = {}
        self._tokens: dict[str, Mapping[str, str]] = {"": {}}
        self._admin = {"username": "admin", "password": password}
        self._program: Mapping[str, str] = {}
        self.called: set[str] = set()

    def take(self, step: Step) -> None:
        """Send a step and note what later ones need; raises `AssertionError` for another status."""
        method, path = step.operation.split()
        operation = self._document["paths"][path][method.lower()]
        tokens = self._tokens.get(step.caller, {})
        call = Call(
            tag=operation["tags"][0],
            operation_id=operation["operationId"],
            path={name: value for name, value in {**self._ids, **step.change}.items() if f"{{{name}}}" in path},
            headers={"Idempotency-Key": step.key} if step.key else {},
            body=self._body(operation, step, tokens),
            token=tokens.get("access", ""),
            query=step.query,
        )
        status, content = self._client.send(call)
        assert status == step.status, (step, status, content)
        self.called.add(step.operation)
        self._remember(operation, step, json.loads(content) if content else {})

    def _body(self, operation: Mapping[str, Any], step: Step, tokens: Mapping[str, str]) -> dict[str, Any] | None:
        """Return the document's example, with names of this walk's own and with this caller's tokens."""
        schemas = [parameter["schema"] for parameter in operation["parameters"] if parameter["in"] == "body"]
        if not schemas:
            return None
        body: dict[str, Any] = dict(self._document["definitions"][schemas[0]["$ref"].rpartition("/")[2]]["example"])
        for name in body.keys() & {"username", "email", "company_name"}:
            body[name] = f"{self._suffix}{body[name]}"
        if "client_secret" in body and step.caller:
            body |= self._program
        if "refresh" in body:
            body["refresh"] = tokens["refresh"]
        if step.caller == "admin" and "password" in body and "company_name" not in body:
            body |= self._admin
        return {**body, **{name: value for name, value in step.change.items() if f"{{{name}}}" not in step.operation}}

    def _remember(self, operation: Mapping[str, Any], step: Step, answer: Mapping[str, Any]) -> None:
        if "access" in answer or "access_token" in answer:
            self._tokens[step.caller] = {"access": answer.get("access_token", ""), **answer}
        if "client_secret" in answer:
            self._program = {name: answer[name] for name in ("client_id", "client_secret")}
        links = operation["responses"][str(step.status)].get("x-links", {})
        for link in links.values() if step.status in (201, 202) or step.operation == "GET /auth/me/" else ():
            for name, place in link["parameters"].items():
                found: Any = answer
                for member in place.partition("#/")[2].split("/"):
                    found = (found or {}).get(member)
                if found:
                    self._ids[name] = found
