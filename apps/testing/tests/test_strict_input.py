"""What a call does not know is refused, in every operation of the served Swagger document: also in later ones."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from apps.testing.api import PHONE, Answer, Caller
from apps.testing.contract.matrix import BODIES, CHARGE, MATRIX
from apps.testing.fixtures import CALLERS
from apps.testing.invariants import nothing_changes
from apps.transactions.models import LedgerEntry

UNSAFE = ("POST", "PATCH", "PUT", "DELETE")
BODIES_OF_CHARGES: dict[str, dict[str, Any]] = {
    "charges/": CHARGE,
    "credit-requests/": {"amount": "1.00"},
    "charges/bulk/": {"charges": [CHARGE]},
}


@dataclass(frozen=True)
class Operation:
    """A call of the document, as the first caller of the matrix makes it that is not turned away."""

    method: str
    url: str
    parameters: tuple[str, ...]
    headers: tuple[str, ...]
    body: dict[str, Any] | None
    caller: Caller

    def send(self, body: object = None, **headers: str) -> Answer:
        """Send it with this body, or with its own."""
        return self.caller.call(self.method, self.url, self.body if body is None else body, **headers)

    def ask(self, query: str) -> Answer:
        """Send it with a query string."""
        return self.caller.call(self.method, f"{self.url}?{query}", self.body)


@pytest.fixture
def operations(anonymous: Caller, cast: dict[str, Caller], places: dict[str, object]) -> list[Operation]:
    """Every operation of /swagger.json."""
    paths = anonymous.get("/swagger.json").body["paths"]
    del paths["/auth/token/"]  # RFC 6749 says what it refuses and ignores: apps/accounts/clients/tests/test_token.py
    del paths["/events/stream/"]  # served by another process: apps/notifications/stream/tests
    found = list(_operations(paths, cast, places))
    assert len(found) == sum(method != "parameters" for methods in paths.values() for method in methods) > 30
    return found


def _operations(paths: Any, cast: dict[str, Caller], places: dict[str, object]) -> Iterator[Operation]:
    for template, methods in paths.items():
        for name, described in methods.items():
            if name != "parameters":
                method, path, caller = _row(name.upper(), template)
                parameters: dict[str, list[str]] = {place: [] for place in ("query", "header", "body")}
                for parameter in described["parameters"]:
                    parameters[parameter["in"]].append(parameter["name"])
                yield Operation(
                    method=method,
                    url=path.format(**places),
                    parameters=tuple(parameters["query"]),
                    headers=tuple(parameters["header"]),
                    body=BODIES.get(f"{method} {path}", {}) if parameters["body"] else None,
                    caller=cast[caller],
                )


def _row(method: str, template: str) -> tuple[str, str, str]:
    """Return method, path and caller of the row of the matrix that is this operation, and answers best."""
    address = re.compile(re.sub("{[^}]+}", "[^/]+", template))
    rows = [
        (status, method, path, caller)
        for row_method, path, statuses in MATRIX
        if row_method == method and address.fullmatch(f"/{path}")
        for status, caller in zip(statuses[:-1], CALLERS, strict=True)
    ]
    return min(rows)[1:]


def test_an_unknown_parameter_is_refused(operations: list[Operation]) -> None:
    for operation in operations:
        with nothing_changes():
            answer = operation.ask("unknown=1")
        assert (answer.status, answer.codes) == (400, {("unknown", "unknown_parameter")}), operation


def test_a_repeated_parameter_is_refused(operations: list[Operation]) -> None:
    for operation in operations:
        for name in operation.parameters:
            answer = operation.ask(f"{name}=1&{name}=1")
            assert (answer.status, answer.codes) == (400, {(name, "repeated_parameter")}), operation


def test_an_unknown_member_is_refused(operations: list[Operation]) -> None:
    for operation in operations:
        with nothing_changes():
            answer = operation.send({**(operation.body or {}), "unknown": 1})
        assert (answer.status, answer.codes) == (400, {("unknown", "unknown_field")}), operation


def test_a_call_without_a_body_takes_an_empty_object_and_nothing_else(operations: list[Operation]) -> None:
    ends = "auth/logout-everywhere/"  # all sessions
    for operation in sorted(operations, key=lambda each: (each.url == ends, each.method == "DELETE")):
        if operation.body is None:
            with nothing_changes():
                for content, media_type in ((b"[]", "application/json"), (b"x", "text/plain"), (b"a=1", "x/y")):
                    answer = operation.caller.send(operation.method, operation.url, content, content_type=media_type)
                    assert (answer.status, answer.codes) == (400, {("non_field_errors", "unexpected_body")}), operation
            answer = operation.send({})
            is_asked = answer.status < 300 or answer.codes == {("phone_number", "required")}  # operators/lookup/
            assert is_asked, operation


def test_a_key_header_that_the_call_does_not_take_is_refused(operations: list[Operation]) -> None:
    for operation in operations:
        for name in ("Idempotency-Key", "X-Idempotency-Key", "IdempotencyKey"):
            if operation.method in UNSAFE and name not in operation.headers:
                with nothing_changes():
                    answer = operation.send(**{name: "k"})
                assert (answer.status, answer.codes) == (400, {(name, "unknown_header")}), operation
                assert "Idempotency-Key" in answer.body["errors"][0]["detail"]


def test_a_call_that_only_reads_ignores_a_key_header(owner: Caller) -> None:
    headers = {"Idempotency-Key": "k", "X-Idempotency-Key": "k"}
    assert owner.send("GET", "transactions/", headers=headers).status == 200


@pytest.mark.parametrize("path", BODIES_OF_CHARGES)
@pytest.mark.parametrize("name", ["idempotencyKey", "Idempotency-Key", "idempotency_key", "X-Idempotency-Key"])
def test_a_key_in_the_wrong_place_of_a_body_is_told_its_place(owner: Caller, path: str, name: str) -> None:
    with nothing_changes():
        answer = owner.post(path, {**BODIES_OF_CHARGES[path], name: "k"})

    assert answer.codes == {(name, "unknown_field")}
    [error] = answer.body["errors"]
    assert "header Idempotency-Key" in error["detail"]
    assert "member idempotency_key" in error["detail"]


def test_a_key_in_the_query_is_told_its_place(owner: Caller) -> None:
    with nothing_changes():
        answer = owner.post("charges/?idempotency_key=k", CHARGE)

    assert answer.codes == {("idempotency_key", "unknown_parameter")}
    assert "header Idempotency-Key" in answer.body["errors"][0]["detail"]


def test_all_that_is_wrong_with_a_body_is_told_at_once(owner: Caller) -> None:
    answer = owner.post("charges/", {"amount": "x", "currency": "USD", "phone": PHONE})

    assert answer.codes == {
        ("amount", "invalid_amount"), ("phone_number", "required"), ("currency", "unknown_field"),
        ("phone", "unknown_field"),
    }  # fmt: skip
    details = {error["field"]: error["detail"] for error in answer.body["errors"]}
    assert details["phone"] == "Not known to this call. It knows: amount, operator, phone_number."


@pytest.mark.parametrize(
    "names",
    [["\ud800"], ["\x00"], ["x" * 900_000], [f"member{number}" for number in range(50_000)], ["a.b"], ["%s %(x)s"]],
    ids=["a surrogate", "NUL", "a long name", "many", "a dot", "placeholders"],
)  # fmt: skip
def test_no_name_breaks_the_answer_or_makes_it_long(owner: Caller, names: list[str]) -> None:
    with nothing_changes():
        answer = owner.post("charges/", {**CHARGE, **dict.fromkeys(names, 1)})

    assert answer.status == 400
    assert {error["code"] for error in answer.body["errors"]} == {"unknown_field"}
    assert len(answer.content) < 5_000


def test_a_caller_that_may_not_sell_is_told_that_before_its_typos(viewer: Caller) -> None:
    for answer in (viewer.post("charges/?x=1", CHARGE), viewer.post("charges/", {**CHARGE, "x": 1})):
        assert (answer.status, answer.body["code"]) == (403, "permission_denied")


@pytest.mark.parametrize("size", ["0", "-1", "501", "1000000000", "x", "1.5", "۵", " 5 5", "NaN"])  # noqa: RUF001
@pytest.mark.parametrize("path", ["transactions/", "sellers/me/users/", "sellers/me/statement/", "phone-numbers/"])
def test_a_page_size_beyond_its_bounds_is_refused(owner: Caller, path: str, size: str) -> None:
    answer = owner.get(path, {"page_size": size})

    assert answer.status == 400
    assert {field for field, _ in answer.codes} == {"page_size"}


@pytest.mark.parametrize("size", ["", "1", "500"])
def test_a_page_size_within_them_is_taken(owner: Caller, size: str) -> None:
    assert owner.get("transactions/", {"page_size": size}).status == 200


def test_a_typo_beside_the_key_sells_nothing_twice(owner: Caller) -> None:
    """As an integration does it: the key in the wrong place, sent again after each refusal, then in the right one."""
    for attempt in range(2):
        assert owner.post("charges/", {**CHARGE, "idempotency_key": "k"}).status == 400, attempt
        assert owner.post("charges/", CHARGE, **{"X-Idempotency-Key": "k"}).status == 400, attempt
        assert owner.post("charges/bulk/", {"charges": [CHARGE]}, key="k").status == 400, attempt
    for _ in range(2):
        assert owner.post("charges/", CHARGE, key="k").status == 201

    assert LedgerEntry.objects.filter(type="charge_sale").count() == 1
