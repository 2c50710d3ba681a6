"""Input that is wrong in every way: a 4xx that says so, never a 500, and nothing happens."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
from django.conf import settings

from apps.accounts.models import Seller
from apps.testing.api import PHONE, Answer, Caller, assert_invalid, assert_problem
from apps.testing.factories import file_request, sell
from apps.testing.invariants import nothing_changes

# Path and caller of everything that reads a body.
BODIES = [
    ("POST", "auth/seller/register/", "anonymous"),
    ("POST", "auth/seller/login/", "anonymous"),
    ("POST", "auth/admin/login/", "anonymous"),
    ("POST", "auth/refresh/", "anonymous"),
    ("POST", "auth/logout/", "anonymous"),
    ("POST", "sellers/", "admin"),
    ("PATCH", "sellers/{seller}/", "admin"),
    ("PATCH", "sellers/me/", "owner"),
    ("POST", "credit-requests/", "owner"),
    ("POST", "credit-requests/{request}/reject/", "admin"),
    ("POST", "charges/", "owner"),
    ("POST", "transactions/{entry}/reverse/", "admin"),
]
MEMBERS = ("username", "password", "email", "company_name", "phone_number", "amount", "reason", "note", "refresh")
NOT_JSON = {
    "broken": b'{"amount": ',
    "two documents": b"{}{}",
    "single quotes": b"{'amount': 1}",
    "a trailing comma": b'{"amount": 1,}',
    "a comment": b"{} // x",
    "NaN": b'{"amount": NaN}',
    "Infinity": b'{"amount": Infinity}',
    "-Infinity": b'{"amount": -Infinity}',
    "a control character": b'{"amount": "\x01"}',
    "not UTF-8": b'{"amount": "\xff"}',
    "UTF-16": '{"amount": "1"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "an overlong number": b'{"amount": ' + b"9" * 5000 + b"}",
    "deep arrays": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "only white space": b"  \n",
}
NOT_AN_OBJECT = {
    "an array": b"[]",
    "an array of objects": b'[{"amount": "1.00"}]',
    "a string": b'"amount"',
    "a number": b"1",
    "a fraction": b"1.5",
    "null": b"null",
    "true": b"true",
}


@pytest.fixture
def url(path: str, seller: Seller) -> str:
    """The path with the ids that it needs."""
    return path.format(
        seller=seller.pk,
        request=file_request(seller).pk if "{request}" in path else None,
        entry=sell(seller).pk if "{entry}" in path else None,
    )


@pytest.fixture
def caller(request: pytest.FixtureRequest, role: str) -> Caller:
    """A caller that may call the path."""
    found: Caller = request.getfixturevalue(role)
    return found


def _assert_all_invalid(sends: Mapping[str, Callable[[], Answer]], *fields: str) -> None:
    """All are refused as `validation_error`, for these fields, and change nothing."""
    with nothing_changes():
        answers = {name: send() for name, send in sends.items()}
        assert [name for name, answer in answers.items() if answer.status != 400] == []
    for answer in answers.values():
        assert_invalid(answer, *fields)


every_body = pytest.mark.parametrize(("method", "path", "role"), BODIES, ids=str)


@every_body
def test_what_is_no_json_object_is_refused(method: str, url: str, caller: Caller) -> None:
    contents = {**NOT_JSON, **NOT_AN_OBJECT}

    _assert_all_invalid(
        {name: partial(caller.send, method, url, contents[name]) for name in contents}, "non_field_errors"
    )


@every_body
def test_a_body_with_nothing_in_it_misses_what_is_required(method: str, url: str, caller: Caller) -> None:
    for content in (b"", b"{}"):
        with nothing_changes():
            answer = caller.send(method, url, content)
        if method == "PATCH":
            assert answer.status == 200
        else:
            assert_invalid(answer)
            assert {code for _, code in answer.codes} == {"required"}


@every_body
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "x"])
def test_another_content_type_is_refused(method: str, url: str, caller: Caller, content_type: str) -> None:
    with nothing_changes():
        answer = caller.send(method, url, b"amount=1.00", content_type=content_type)

    assert_problem(answer, 415, "unsupported_media_type")


@every_body
def test_a_body_over_the_limit_is_refused(method: str, url: str, caller: Caller) -> None:
    content = json.dumps({"note": "x" * settings.REQUEST_BODY_LIMIT_BYTES}).encode()

    with nothing_changes():
        answer = caller.send(method, url, content)

    assert_problem(answer, 413, "request_too_large")


@every_body
def test_every_member_of_the_wrong_type_is_refused(method: str, url: str, caller: Caller) -> None:
    values: tuple[Any, ...] = ({}, [], [[]], {"a": 1}, True, "nul\x00", "\ud800", "x" * 100_000)
    contents = [json.dumps(dict.fromkeys(MEMBERS, value)).encode() for value in values]

    _assert_all_invalid({repr(content[:99]): partial(caller.send, method, url, content) for content in contents})


AMOUNTS: list[Any] = [
    "", " ", "0", "0.00", "-1", "+1", "-0.01", "1.234", "0.001", "0.000000000000000001", "1e3", "1E3", "1e-2", "NaN",
    "nan", "Infinity", "inf", "1_000", "1,000", "1 000", "1.", ".5", "0x10", "١٢", "۱۲", "\uff11\uff12",
    "1000000000000.00", "1" * 400, "1\x00", "1\n", "\ud800", "one", True, False, None, 0, -1, 0.001, 10**13, [], [1],
    {}, {"amount": 1},
]  # fmt: skip


# What a body has besides its amount.
COMPLETE = {"charges/": {"phone_number": PHONE}, "credit-requests/": {}}


@pytest.mark.parametrize("path", COMPLETE)
def test_an_amount_that_is_none_is_refused(owner: Caller, path: str) -> None:
    bodies = [{**COMPLETE[path], "amount": amount} for amount in AMOUNTS]

    _assert_all_invalid({repr(body)[:99]: partial(owner.post, path, body) for body in bodies}, "amount")


@pytest.mark.parametrize("path", COMPLETE)
def test_an_amount_as_a_json_number_of_another_form_is_refused(owner: Caller, path: str) -> None:
    others = "".join(f'"{name}": "{value}", ' for name, value in COMPLETE[path].items())
    numbers = ("1e3", "1E3", "1e400", "1e-400", "-1.00", "0.0", "1.000", "0.001", "1000000000000", "9" * 400)

    sends = {
        number: partial(owner.send, "POST", path, f'{{{others}"amount": {number}}}'.encode()) for number in numbers
    }
    _assert_all_invalid(sends, "amount")


def test_an_amount_is_read_as_it_was_written(owner: Caller) -> None:
    """No float in between: 0.1 + 0.2 style digits would show."""
    for written, status in [("70.10", 201), ("0.29", 201), ("1.0000000000000001", 400), ("1E0", 400), ("1.10e0", 400)]:
        content = b'{"phone_number": "%s", "amount": %s}' % (PHONE.encode(), written.encode())
        answer = owner.send("POST", "charges/", content)
        assert (written, answer.status) == (written, status)


PHONES: list[Any] = [
    "", " ", "x", "12", "0912345678", "091234567890", "+98912345678", "+9891234567890", "02188888888", "+982188888888",
    "+1", "+", "++989123456789", "+989123456789;ext=5", "+989123456789 x5", "tel:+989123456789", "0912345678o",
    "۰۹۱۲۳۴۵۶۷۸", "0912345678²", "+98912\x003456789", "\ud800", "9" * 40, "+" + "9" * 5000, "110", "1800FLOWERS", None,
    True, 9123456789, 1.5, [], {}, [PHONE],
]  # fmt: skip


def test_a_phone_number_that_is_none_is_refused(owner: Caller) -> None:
    _assert_all_invalid(
        {repr(phone)[:99]: partial(owner.charge, "1.00", phone_number=phone) for phone in PHONES}, "phone_number"
    )


def test_all_that_is_wrong_is_told_at_once(owner: Caller) -> None:
    with nothing_changes():
        answer = owner.charge("-1", phone_number="x")

    assert answer.codes == {("amount", "invalid_amount"), ("phone_number", "invalid_phone_number")}


@pytest.mark.parametrize(
    "path",
    ["nothing/", "sellers/x/", "sellers/0197f3a07c1e7b6a9d1f3f6f0c2f8a11/", "transactions/-1/", "credit-requests/%00/",
     "charges/x/", "sellers/me/secrets/", "auth/", "sellers/..%2f..%2fetc/"],
)  # fmt: skip
def test_a_path_that_leads_nowhere_is_a_problem_too(admin: Caller, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert_problem(admin.send(method, path), 404, "not_found")


@pytest.mark.parametrize("query", ["format=xml", "format=csv", "format=json", "format=%00"])
def test_the_format_is_no_parameter(owner: Caller, query: str) -> None:
    for path in ("sellers/me/", "transactions/"):
        assert owner.get(f"{path}?{query}").codes == {("format", "unknown_parameter")}
