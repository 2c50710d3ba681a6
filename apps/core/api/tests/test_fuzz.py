"""Hostile input that schemathesis (functional_tests/fuzzing) does not reach, because no document describes it.

The cases come from hypothesis; FUZZ_SEED repeats a run, FUZZ_EXAMPLES makes it longer.
"""

import os
import re
import secrets
import sys
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, seed, settings
from hypothesis import strategies as st

from apps.accounts.models import Seller
from apps.testing.api import Answer, Caller, assert_invalid
from apps.testing.factories import file_request, make_user, sell
from apps.testing.invariants import assert_ledger_consistent, nothing_changes

SEED = int(os.environ.get("FUZZ_SEED") or secrets.randbits(32))
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES") or 100)
bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=False,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(autouse=True)
def _seed_in_report() -> None:
    """Print the seed in the output of a failing test."""
    sys.stdout.write(f"FUZZ_SEED={SEED}\n")


# Digits and points of every script, signs, exponents, separators, and control characters.
NEARLY_MONEY = st.text("0123456789.,+-eE_ \t\n\0\u0663\u06f4\u2212\uff11\u0967", max_size=20)
NEARLY_PHONE = st.text("0123456789+-(). \t\n\0\u06f0\u0669;=ext*#", max_size=30)


def test_text_that_is_sold_as_an_amount_is_that_amount(owner: Caller) -> None:
    @seed(SEED)
    @bounded
    @given(NEARLY_MONEY | st.text(max_size=20))
    @example("0000000000.01")
    @example("00000000000.01")
    def charge(amount: str) -> None:
        answer = owner.charge(amount)
        if answer.status == 400:
            assert_invalid(answer, "amount")
        elif answer.status == 201:
            assert set(amount) <= set("0123456789.")
            assert Decimal(answer.body["amount"]) == Decimal(amount) > 0
        else:
            assert answer.body["code"] == "insufficient_balance"

    charge()
    assert_ledger_consistent()


def test_text_that_is_sold_to_as_a_phone_is_that_phone(owner: Caller) -> None:
    @seed(SEED)
    @bounded
    @given(NEARLY_PHONE | st.text(max_size=30) | st.from_regex(r"(\+98|0|0098)?9\d{9}", fullmatch=True))
    def charge(phone: str) -> None:
        answer = owner.charge("0.01", phone_number=phone)
        if answer.status == 400:
            assert_invalid(answer, "phone_number")
        else:
            assert answer.status == 201
            stored = answer.body["phone_number"]
            assert re.fullmatch(r"\+[1-9][0-9]{7,14}", stored)
            digits = "".join(str(unicodedata.decimal(character, "")) for character in phone)
            assert stored.endswith(digits.lstrip("0")[-8:])

    charge()
    assert_ledger_consistent()


def test_text_of_any_language_comes_back_as_it_was_sent_or_is_refused(owner: Caller) -> None:
    @seed(SEED)
    @bounded
    @given(st.text(max_size=500) | st.text(st.characters(categories=["Cc", "Cf", "Cs", "Co", "Mn"]), max_size=9))
    @example("\u202eevil")
    @example("\U0001f468\u200d\U0001f469\u200d\U0001f467")
    @example("nul\0")
    @example("\ud800")
    def ask(note: str) -> None:
        answer = owner.post("credit-requests/", {"amount": "1.00", "note": note})
        if answer.status == 400:
            assert_invalid(answer, "note")
        else:
            assert answer.status == 201
            assert owner.get(f"credit-requests/{answer.body['id']}/").body["note"] == note.strip()

    ask()


def test_no_bent_token_is_good(owner: Caller) -> None:
    """A byte is changed, dropped or added: 401, but for the bits that Base64 does not use."""

    @seed(SEED)
    @bounded
    @given(st.integers(0, 2_000), st.integers(0, 255), st.sampled_from(["change", "drop", "add"]))
    def bend(place: int, byte: int, how: str) -> None:
        token = _bent(owner.access, place, byte, how)
        if token.rpartition(".")[0] != owner.access.rpartition(".")[0] and not set(token) & set("\r\n"):
            assert Caller().get("auth/me/", Authorization=f"Bearer {token}").status == 401
        refresh = _bent(owner.refresh, place, byte, how)
        if refresh.rpartition(".")[0] != owner.refresh.rpartition(".")[0]:
            with nothing_changes():
                assert Caller().post("auth/refresh/", {"refresh": refresh}).status in (400, 401)

    bend()
    assert owner.get("auth/me/").status == 200, "a forgery ended a session of another user"


def _page(caller: Caller, path: str, cursor: str | None = None) -> Answer:
    return caller.get(path, {"page_size": 1} | ({"cursor": cursor} if cursor is not None else {}))


def test_no_bent_cursor_breaks_a_list(owner: Caller, admin: Caller, seller: Seller, other_seller: Seller) -> None:
    """A cursor is 400, or leads to a page of the caller's own rows."""
    make_user(seller)
    for number in range(2):
        sell(seller, phone_number=f"+98912345678{number}")
        file_request(seller)
    sell(other_seller)
    lists = [(owner, path) for path in ("transactions/", "credit-requests/", "phone-numbers/", "sellers/me/users/")]
    lists += [(owner, "sellers/me/statement/"), (admin, "sellers/")]
    cursors = [_page(*each).body["next"].partition("cursor=")[2].partition("&")[0] for each in lists]

    @seed(SEED)
    @bounded
    @given(
        st.sampled_from(range(len(lists))),
        st.integers(0, 200),
        st.integers(0, 255),
        st.sampled_from(["change", "drop", "add"]),
    )
    def bend(which: int, place: int, byte: int, how: str) -> None:
        caller, path = lists[which]
        answer = _page(caller, path, _bent(cursors[which], place, byte, how))
        assert answer.status in (200, 400), (path, answer.content)
        if answer.status == 200 and path == "transactions/":
            assert {row["seller"] for row in answer.body["results"]} <= {str(seller.pk)}

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


@pytest.mark.parametrize("header", ["Accept", "Accept-Language", "X-Forwarded-For", "X-Forwarded-Proto", "Cookie"])
def test_no_other_header_breaks_anything(owner: Caller, header: str) -> None:
    @seed(SEED)
    @settings(bounded, max_examples=max(10, EXAMPLES // 5))
    @given(HEADERS)
    def send(value: str) -> None:
        assert owner.send("GET", "sellers/me/balance/", headers={header: value}).status in (200, 406)

    send()


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"amount": "1.00", "amount": "99.00", "phone_number": "+989123456789"}', 400),
        (b'{"amount": "1.00", "phone_number": "+989123456789", "x": {"y": 1, "y": 1}}', 400),
        (b'{"amount": ' + b"9" * 900_000 + b"}", 400),
        (b'{"amount": 1e999999999, "phone_number": "+989123456789"}', 400),
        (b'{"amount": "\\ud800", "phone_number": "\\udfff"}', 400),
        (b'{"' + b"a" * 900_000 + b'": 1}', 400),
        (b"{" + b",".join(b'"%d":0' % number for number in range(90_000)) + b"}", 400),
    ],
    ids=[
        "a name twice", "a name twice, within", "a huge number",
        "a huge exponent", "surrogates", "a huge name", "many members",
    ],
)  # fmt: skip
def test_hostile_json_is_refused(owner: Caller, content: bytes, status: int) -> None:
    with nothing_changes():
        assert owner.send("POST", "charges/", content).status == status
