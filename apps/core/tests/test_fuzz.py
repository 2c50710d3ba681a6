"""Hostile requests made from the Swagger document: never a 5xx, and only statuses that the document names.

The cases come from hypothesis; FUZZ_SEED repeats a run, FUZZ_EXAMPLES makes it longer.
"""

import json
import os
import secrets
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, seed, settings
from hypothesis import strategies as st

from apps.accounts.models import Seller
from apps.core.rate_limits import local_counts
from apps.core.tests.api import Answer, Caller
from apps.core.tests.factories import NEVER, file_request, sell
from apps.core.tests.invariants import assert_ledger_consistent, nothing_changes

SEED = int(os.environ.get("FUZZ_SEED") or secrets.randbits(32))
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES") or 100)
bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=False,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

NASTY = st.sampled_from(
    [
        *("", " ", "\0", "\ud7ff", "\u202e", "null", "'; --", "=1+1", "../..", "me", str(NEVER)),
        *("\u0663", "1e5", "NaN", "-1", "0", "9" * 30, "1.001", "50000.00", "+989123456789", "0912 345 6789"),
        *("2026-01-01", "2026-01-01T00:00:00Z", "10000-01-01"),
    ]
)
TEXT = NASTY | st.text(max_size=30)
SCALAR = TEXT | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))


@pytest.fixture(autouse=True)
def _seed_in_report() -> None:
    """Say the seed where a failing test shows it."""
    sys.stdout.write(f"FUZZ_SEED={SEED}\n")


@pytest.fixture
def document(anonymous: Caller) -> dict[str, Any]:
    """The Swagger document."""
    found: dict[str, Any] = anonymous.get("/swagger.json").body
    return found


@pytest.fixture
def callers(anonymous: Caller, owner: Caller, admin: Caller) -> list[Caller]:
    """Anonymous, a seller, and an admin."""
    return [anonymous, owner, admin]


@st.composite
def requests(draw: st.DrawFn, document: dict[str, Any], ids: list[str]) -> tuple[str, str, dict[str, Any]]:
    """Draw a path, a method, and what else is sent: mostly of the right shape, with one thing or another bent."""
    path = draw(st.sampled_from(sorted(document["paths"])))
    methods = document["paths"][path]
    method = draw(st.sampled_from(sorted(set(methods) - {"parameters"})))
    operation = methods[method]
    url = path
    query, body = {}, None
    for parameter in [*operation["parameters"], *methods.get("parameters", [])]:
        name = parameter["name"]
        if parameter["in"] == "path":
            url = url.replace(f"{{{name}}}", draw(st.sampled_from(ids)))
        elif parameter["in"] == "query" and draw(st.booleans()):
            query[name] = draw(st.sampled_from(parameter["enum"]) if "enum" in parameter else TEXT)
        elif parameter["in"] == "body":
            body = draw(bodies(document, parameter["schema"]))
    return method.upper(), document["basePath"].rstrip("/") + url, {"query": query, "body": body, "path": path}


@st.composite
def bodies(draw: st.DrawFn, document: dict[str, Any], schema: dict[str, Any]) -> Any:
    """Draw a value of `schema`, in which each part may be something else."""
    if "$ref" in schema:
        schema = document["definitions"][schema["$ref"].rpartition("/")[2]]
    if draw(st.integers(0, 9)) == 0:
        return draw(JSON)
    if schema.get("type") == "object" and "properties" in schema:
        named = {name: draw(bodies(document, inner)) for name, inner in schema["properties"].items()}
        return {**schema.get("example", {}), **named} if draw(st.booleans()) else {**named, **schema.get("example", {})}
    if schema.get("type") == "array":
        return draw(st.lists(bodies(document, schema["items"]), max_size=3))
    return draw(st.sampled_from(schema["enum"]) if "enum" in schema else SCALAR)


def assert_documented(answer: Answer, operation: dict[str, Any]) -> None:
    """The status is one that the document names, a refusal is a problem, and nothing broke."""
    assert answer.status < 500, answer.content
    assert str(answer.status) in operation["responses"], (answer.status, answer.content[:300])
    if answer.status >= 400:
        assert answer.content_type == "application/problem+json"
        assert answer.body["status"] == answer.status


def test_no_request_breaks_the_service(
    document: dict[str, Any], callers: list[Caller], seller: Seller, other_seller: Seller
) -> None:
    made = [seller, other_seller, sell(seller), sell(other_seller), file_request(seller), file_request(other_seller)]
    ids = [*(str(thing.pk) for thing in made), str(NEVER)]

    seen = set()

    @seed(SEED)
    @bounded
    @given(requests(document, ids), st.sampled_from(callers))
    def attack(request: tuple[str, str, dict[str, Any]], caller: Caller) -> None:
        method, url, sent = request
        local_counts.clear()
        content = b"" if sent["body"] is None else json.dumps(sent["body"]).encode()
        answer = caller.send(method, url, content, query=sent["query"] or None)
        assert_documented(answer, document["paths"][sent["path"]][method.lower()])
        seen.add(answer.status)

    attack()
    assert seen >= {200, 400, 401}, "the attack did not get past the door"
    assert_ledger_consistent()


def test_no_bent_token_or_cursor_is_good(owner: Caller, seller: Seller) -> None:
    """A byte of a token is changed, dropped or added: 401, but for the bits that Base64 does not use."""
    for _ in range(2):
        sell(seller)
    cursor = owner.get("transactions/", {"page_size": 1}).body["next"].partition("cursor=")[2].partition("&")[0]

    @seed(SEED)
    @bounded
    @given(st.integers(0, 2_000), st.integers(0, 255), st.sampled_from(["change", "drop", "add"]))
    def bend(place: int, byte: int, how: str) -> None:
        token = _bent(owner.access, place, byte, how)
        if token.rpartition(".")[0] != owner.access.rpartition(".")[0] and not set(token) & set("\r\n"):
            assert Caller().get("auth/me/", Authorization=f"Bearer {token}").status == 401
        bent = _bent(cursor, place, byte, how)
        assert owner.get("transactions/", {"page_size": 1, "cursor": bent}).status in (200, 400)

    bend()


def _bent(text: str, place: int, byte: int, how: str) -> str:
    place %= len(text)
    return text[:place] + (chr(byte) if how != "drop" else "") + text[place + (how != "add") :]


HEADERS = st.text(st.characters(max_codepoint=255), max_size=300)


def test_no_header_is_passed_on_as_it_came(owner: Caller) -> None:
    @seed(SEED)
    @bounded
    @given(HEADERS)
    @example("x\r\nSet-Cookie: a=b")
    @example("é" * 10)
    @example('"' + "\\" * 50 + '"')
    def send(value: str) -> None:
        answer = owner.send("GET", "health/live/", headers={"X-Request-ID": value})
        returned = answer.headers["X-Request-ID"]
        assert returned.isascii()
        assert returned.isprintable()
        assert len(returned) <= 200
        with nothing_changes():
            answer = owner.charge("999999.00", key=value)  # more than there is
        assert answer.status in (400, 409)
        assert answer.body["code"] in {"invalid_idempotency_key", "insufficient_balance"}

    send()


@pytest.mark.parametrize(
    ("content", "statuses"),
    [
        (b'{"amount": "1.00", "amount": "99.00", "phone_number": "+989123456789"}', {201, 400}),
        (b"[" * 200_000, {400}),
        (b'{"a":' * 200_000, {400, 413}),
        (b'{"amount": ' + b"9" * 900_000 + b"}", {400}),
        (b'{"phone_number": "' + b"9" * 2_000_000 + b'"}', {413}),
        (b'{"amount": 1e999999999, "phone_number": "+989123456789"}', {400}),
        (b'{"amount": "\\ud800", "phone_number": "\\udfff"}', {400}),
    ],
    ids=["duplicate members", "deep", "deep objects", "a huge number", "a huge body", "a huge exponent", "surrogates"],
)
def test_hostile_json_is_refused_or_means_one_thing(owner: Caller, content: bytes, statuses: set[int]) -> None:
    answer = owner.send("POST", "charges/", content)

    assert answer.status in statuses
    assert_ledger_consistent()
