"""`auth/token/`: OAuth 2.0 client credentials, with every refusal of RFC 6749, section 5.2."""

import base64
import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import OperationalError
from pytest_django import Settings

from apps.accounts.clients import services
from apps.accounts.models import AuditEvent, LoginOrigin, Seller, Session, User
from apps.core.limits.rate_limits import local_counts
from apps.testing.api import Answer, Caller, assert_problem
from apps.testing.factories import owner_of
from apps.testing.invariants import nothing_changes
from apps.testing.programs import Program, make_program

FORM = "application/x-www-form-urlencoded"
PATH = "auth/token/"
GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
def program(seller: Seller) -> Program:
    """An operator of `seller`."""
    local_counts.clear()
    return make_program(seller)


def send(body: str | bytes, *, content_type: str = FORM, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else body.encode()
    return Caller().send("POST", PATH, content, content_type=content_type, headers=headers)


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def in_body(program: Program, **more: Any) -> dict[str, Any]:
    return {**GRANT, "client_id": program.client_id, "client_secret": program.client_secret, **more}


def assert_refused(answer: Answer, status: int, error: str) -> None:
    """Assert the form of section 5.2: JSON with an error of the list and a description of allowed characters."""
    assert (answer.status, answer.content_type) == (status, "application/json"), answer.content
    assert answer.body.keys() == {"error", "error_description"}
    assert answer.body["error"] == error
    assert all(" " <= letter <= "~" and letter not in '"\\' for letter in answer.body["error_description"])
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert (answer.headers.get("WWW-Authenticate", "").startswith("Basic ")) == (status == 401)


def ways(program: Program) -> dict[str, Answer]:
    header = {"Authorization": basic(program.client_id, program.client_secret)}
    encoded = {"Authorization": basic(quote(program.client_id), quote(program.client_secret, safe=""))}
    return {
        "form": send(urlencode(in_body(program))),
        "form with a charset": send(urlencode(in_body(program)), content_type=f"{FORM}; charset=utf-8"),
        "JSON": send(json.dumps(in_body(program)), content_type="application/json"),
        "Basic": send(urlencode(GRANT), **header),
        "Basic, encoded": send(urlencode(GRANT), **encoded),
        "Basic in lower case": send(urlencode(GRANT), Authorization=header["Authorization"].replace("Basic", "basic")),
        "Basic and JSON": send(json.dumps(GRANT), content_type="application/json", **header),
        "Basic and its own id": send(urlencode({**GRANT, "client_id": program.client_id}), **header),
        "parameters of others": send(urlencode(in_body(program, audience="x", scope="", resource=""))),
    }


def test_every_way_of_the_rfc_gets_a_token_that_works(program: Program) -> None:
    for name, answer in ways(program).items():
        assert answer.status == 200, (name, answer.content)
        assert answer.body.keys() == {"access_token", "token_type", "expires_in"}, name
        assert (answer.body["token_type"], answer.body["expires_in"]) == ("Bearer", 900)
        assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
        me = Caller(answer.body["access_token"]).get("auth/me/").body
        assert (me["id"], me["roles"]) == (program.client_id, ["operator"])


def test_many_tokens_are_of_one_session_and_one_login_of_the_trail_is_none(program: Program) -> None:
    lines = AuditEvent.objects.count()
    callers = [program.log_in() for _ in range(5)]
    assert {caller.get("auth/me/").status for caller in callers} == {200}
    assert Session.objects.filter(user_id=program.client_id).count() == 1
    assert AuditEvent.objects.count() == lines
    assert callers[0].post("auth/logout-everywhere/").status == 204
    assert {caller.get("auth/me/").status for caller in callers} == {401}
    assert program.log_in().get("auth/me/").status == 200


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ("", 400, "invalid_request"),
        ("client_id=x&client_secret=y", 400, "invalid_request"),
        ("grant_type=&client_id=x&client_secret=y", 400, "invalid_request"),
        ("grant_type=password&username=x&password=y", 400, "unsupported_grant_type"),
        ("grant_type=authorization_code&code=x", 400, "unsupported_grant_type"),
        ("grant_type=Client_Credentials", 400, "unsupported_grant_type"),
        ("grant_type=client_credentials&scope=read", 400, "invalid_scope"),
        ("grant_type=client_credentials", 401, "invalid_client"),
        ("grant_type=client_credentials&client_id=x", 401, "invalid_client"),
        ("grant_type=client_credentials&client_secret=x", 401, "invalid_client"),
        ("grant_type=client_credentials&grant_type=client_credentials", 400, "invalid_request"),
        ("grant_type=client_credentials&client_id=a&client_id=b&client_secret=c", 400, "invalid_request"),
        ("grant_type=client_credentials&x=1&x=2", 400, "invalid_request"),
        ("grant_type", 400, "invalid_request"),
        ("grant_type=client_credentials&&", 400, "invalid_request"),
        ("grant_type=%ff", 400, "invalid_request"),
        ("grant_type=\u06f1", 400, "invalid_request"),
        ("x=" + "y" * 20_000, 413, "invalid_request"),
        ("&".join(f"x{number}=1" for number in range(5_000)), 413, "invalid_request"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_form_is_refused(program: Program, body: str, status: int, error: str) -> None:
    with nothing_changes():
        assert_refused(send(body), status, error)


@pytest.mark.parametrize(
    "body",
    [
        b"[]", b"null", b'"x"', b"{", b"{}", b"\xff", b'{"grant_type": NaN}', b'{"grant_type": ["client_credentials"]}',
        b'{"grant_type": "client_credentials", "client_id": 7, "client_secret": {}}',
        b'{"grant_type": "client_credentials", "grant_type": "client_credentials"}',
    ],
)  # fmt: skip
def test_a_json_body_is_refused(program: Program, body: bytes) -> None:
    with nothing_changes():
        assert_refused(send(body, content_type="application/json"), 400, "invalid_request")


def test_another_content_type_is_refused(program: Program) -> None:
    for content_type in ("text/plain", "multipart/form-data; boundary=x", "x/y"):
        assert_refused(send(urlencode(in_body(program)), content_type=content_type), 415, "invalid_request")


@pytest.mark.parametrize("place", ["client_id", "client_secret", "unknown"])
def test_nothing_is_taken_from_the_address(program: Program, place: str) -> None:
    """RFC 6749, section 2.3.1: credentials must not be in the URI, where logs keep them."""
    content = urlencode(in_body(program)).encode()
    with nothing_changes():
        answer = Caller().send("POST", f"{PATH}?{place}=x", content, content_type=FORM)
        assert_refused(answer, 400, "invalid_request")


def test_credentials_in_both_places_are_refused(program: Program) -> None:
    header = {"Authorization": basic(program.client_id, program.client_secret)}
    with nothing_changes():
        assert_refused(send(urlencode(in_body(program)), **header), 400, "invalid_request")
        other = urlencode({**GRANT, "client_id": "another"})
        assert_refused(send(other, **header), 400, "invalid_request")


@pytest.mark.parametrize(
    "header",
    [
        "Basic", "Basic ", "Basic !!!", "Basic eA==", "Basic /w==", "Basic \u06f1", "Bearer x", "Digest x", "",
        basic("", ""), basic("x", "y"), basic("a\0b", "y"), "Basic " + "A" * 9_000,
    ],
    ids=repr,
)  # fmt: skip
def test_another_header_is_an_unknown_client(program: Program, header: str) -> None:
    with nothing_changes():
        assert_refused(send(urlencode(GRANT), Authorization=header), 401, "invalid_client")


def strangers(program: Program, seller: Seller) -> list[dict[str, Any]]:
    """Return ids and secrets of which none is right."""
    client_id, secret = program.client_id, program.client_secret
    other = make_program(seller)
    return [
        {"client_id": client_id, "client_secret": other.client_secret},
        {"client_id": other.client_id, "client_secret": secret},
        *({"client_id": client_id, "client_secret": text} for text in (
            secret[:-1], secret + "x", secret.upper(), f" {secret}", secret + "\0", "\udcff", "x" * 5_000, "!",
            User.objects.get(pk=client_id).password,
        )),
        *({"client_id": text, "client_secret": secret} for text in (
            client_id.upper(), client_id.replace("-", ""), f"{{{client_id}}}", f"urn:uuid:{client_id}", f" {client_id}",
            "x", "\0", "\udcff", "' OR 1=1 --", str(owner_of(seller).pk), owner_of(seller).username,
            "00000000-0000-0000-0000-000000000000",
        )),
    ]  # fmt: skip


def test_every_wrong_pair_gets_one_and_the_same_answer(program: Program, seller: Seller, settings: Settings) -> None:
    settings.LOGIN_FAILURES_PER_ACCOUNT = 0
    settings.LOGIN_FAILURES_PER_ACCOUNT_EVERYWHERE = 0
    tries = strangers(program, seller)
    with nothing_changes():
        answers = [send(json.dumps({**GRANT, **pair}), content_type="application/json") for pair in tries]
    for answer in answers:
        assert_refused(answer, 401, "invalid_client")
    assert {answer.content for answer in answers} == {answers[0].content}


def test_a_suspended_or_pending_sellers_client_gets_a_token_and_sells_nothing(program: Program) -> None:
    for status in (Seller.Status.SUSPENDED, Seller.Status.PENDING):
        Seller.objects.update(status=status)
        assert_problem(program.log_in().charge(), 403, "seller_not_active", seller_status=status.value)


def test_guesses_end_and_lock_the_client_out_of_its_own_place_no_longer_than_logins(
    program: Program, settings: Settings
) -> None:
    settings.LOGIN_FAILURES_PER_ACCOUNT, settings.LOGIN_FAILURES_PER_ACCOUNT_EVERYWHERE = 3, 5
    home, wrong = {"X-Forwarded-For": "198.51.100.1"}, Program(program.client_id, "sharj_wrong")
    program.log_in(**home)
    assert LoginOrigin.objects.get(user_id=program.client_id).network == "198.51.100.1"

    statuses = [wrong.ask(**{"X-Forwarded-For": f"198.51.100.{2 + number // 3}"}).status for number in range(6)]
    assert statuses == [401] * 5 + [429]
    assert_refused(program.ask(**{"X-Forwarded-For": "203.0.113.9"}), 429, "temporarily_unavailable")
    assert int(program.ask(**{"X-Forwarded-For": "203.0.113.9"}).headers["Retry-After"]) > 0
    assert program.ask(**home).status == 200


def test_requests_are_limited_by_address_together_with_logins(program: Program, settings: Settings) -> None:
    settings.LOGINS_PER_MINUTE = 3
    Caller().post("auth/seller/login/", {"username": "unknown", "password": "x"})
    answers = [program.ask() for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert_refused(answers[-1], 429, "temporarily_unavailable")
    assert answers[-1].headers["RateLimit-Policy"] == '"login";q=3;w=60'


def test_a_database_that_is_away_is_told_as_oauth_has_it(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(services, "issue_token", fail)
    answer = program.ask()
    assert_refused(answer, 503, "temporarily_unavailable")
    assert answer.headers["Retry-After"] == "1"


def test_descriptions_are_english_in_every_language(program: Program) -> None:
    """RFC 6749 allows ASCII only."""
    assert_refused(send("grant_type", **{"Accept-Language": "fa"}), 400, "invalid_request")
