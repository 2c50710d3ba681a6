"""What the client makes of each of the four outcomes, and of no answer: when it sends again, and what it then says."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from sharj import Login, OutcomeUnknown, Refused, Sharj, SharjError, Unavailable
from sharj import client as module
from sharj.http import Answer, ConnectionLost

ENTRY = {
    "id": "e", "type": "charge_sale", "sequence": 2, "amount": "5.00", "balance_after": "95.00",
    "phone_number": "+989123456789", "idempotency_key": "k",
}  # fmt: skip
SOLD = Answer(201, {}, json.dumps(ENTRY).encode())
BUSY = Answer(503, {"retry-after": "3"}, b'{"code": "temporarily_unavailable"}')
THROTTLED = Answer(429, {}, b'{"code": "throttled"}')
UNKNOWN = Answer(503, {"retry-after": "1"}, b'{"code": "outcome_unknown"}')
GATEWAY = Answer(502, {}, b"<html>Bad Gateway</html>")
BUG = Answer(500, {}, b'{"code": "internal_error"}')
REFUSED = Answer(409, {"x-request-id": "r-1"}, b'{"code": "insufficient_balance", "shortage": "1.00"}')
LOST = ConnectionLost("reset", sent=True)
UNSENT = ConnectionLost("refused", sent=False)


@dataclass
class Script:
    """A transport that gives these answers in their order, the last one again and again."""

    outcomes: Sequence[Answer | ConnectionLost]
    sent: list[tuple[str, str, Mapping[str, str], Any]] = field(default_factory=list)

    def request(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        outcome = self.outcomes[min(len(self.sent), len(self.outcomes) - 1)]
        self.sent.append((method, path, headers, body and json.loads(body)))
        if isinstance(outcome, ConnectionLost):
            raise outcome
        return outcome

    @property
    def keys(self) -> list[str | None]:
        return [headers.get("Idempotency-Key") for _, _, headers, _ in self.sent]


class Clock:
    """A clock that moves when the client sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


@pytest.mark.parametrize(
    "before",
    [[], [BUSY], [THROTTLED], [UNKNOWN], [GATEWAY], [LOST], [UNSENT], [BUSY, LOST, UNKNOWN, UNSENT, GATEWAY, BUSY]],
    ids=str,
)  # fmt: skip
def test_a_sale_is_sent_until_it_is_answered_with_one_key(before: list[Answer | ConnectionLost]) -> None:
    script = Script([*before, SOLD])
    sale = Sharj(script).sell("09123456789", "5")
    assert (sale.id, str(sale.amount), str(sale.balance_after), sale.replayed) == ("e", "5.00", "95.00", False)
    assert len(script.sent) == len(before) + 1
    assert len(set(script.keys)) == 1
    assert script.keys[0]


def test_two_sales_have_two_keys_and_ones_own_key_is_taken() -> None:
    script = Script([SOLD])
    sharj = Sharj(script)
    for key in (None, None, "order-7"):
        sharj.sell("09123456789", "5", key=key)
    assert len(set(script.keys)) == 3
    assert script.keys[2] == "order-7"


def test_a_refusal_is_not_sent_again() -> None:
    script = Script([REFUSED])
    with pytest.raises(Refused) as caught:
        Sharj(script).sell("09123456789", "5")
    refusal = caught.value
    assert (refusal.status, refusal.code, refusal.problem["shortage"]) == (409, "insufficient_balance", "1.00")
    assert "request id r-1" in str(refusal)
    assert len(script.sent) == 1


@pytest.mark.parametrize("outcome", [BUSY, THROTTLED, UNSENT], ids=str)
def test_a_server_that_stays_busy_or_away_is_unavailable(clock: Clock, outcome: Answer | ConnectionLost) -> None:
    with pytest.raises(Unavailable):
        Sharj(Script([outcome]), patience_seconds=10).sell("09123456789", "5")
    assert clock.now <= 10


@pytest.mark.parametrize("outcomes", [[LOST], [UNKNOWN], [GATEWAY], [LOST, BUSY], [UNKNOWN, UNSENT], [BUG]], ids=str)
def test_what_may_have_happened_is_unknown_and_names_the_key(outcomes: list[Answer | ConnectionLost]) -> None:
    """Also if the last answer says that nothing happened: that is about the last send only."""
    with pytest.raises(OutcomeUnknown) as caught:
        Sharj(Script(outcomes), patience_seconds=10).sell("09123456789", "5", key="order-7")
    assert caught.value.key == "order-7"


@pytest.mark.parametrize("outcome", [LOST, UNKNOWN, GATEWAY], ids=str)
def test_a_request_without_a_key_is_not_sent_again_if_it_may_have_happened(outcome: Answer | ConnectionLost) -> None:
    script = Script([outcome, SOLD])
    with pytest.raises(OutcomeUnknown):
        Sharj(script).post("credit-requests/x/cancel/")
    assert len(script.sent) == 1


@pytest.mark.parametrize("outcome", [BUSY, UNSENT], ids=str)
def test_a_request_without_a_key_is_sent_again_if_nothing_happened(outcome: Answer | ConnectionLost) -> None:
    script = Script([outcome, Answer(200, {}, b"{}")])
    assert Sharj(script).post("credit-requests/x/cancel/").attempts == 2


def test_a_read_that_gets_no_answer_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        Sharj(Script([LOST]), patience_seconds=5).get("auth/me/")


def test_it_waits_as_the_server_asks_and_longer_and_longer_otherwise(clock: Clock) -> None:
    Sharj(Script([BUSY, LOST, LOST, LOST, LOST, LOST, SOLD])).sell("09123456789", "5")
    assert clock.pauses[0] == 3
    assert clock.pauses[1:] == sorted(clock.pauses[1:])
    assert max(clock.pauses[1:]) == module.MAX_PAUSE_SECONDS


def test_a_batch_keeps_the_keys_of_its_items(clock: Clock) -> None:
    script = Script([LOST, Answer(200, {}, b'{"accepted": 2}')])
    charge = {"phone_number": "09123456789", "amount": "5"}
    assert Sharj(script).sell_many([charge, {**charge, "idempotency_key": "mine"}])["accepted"] == 2
    (first, second) = [body["charges"] for _, _, _, body in script.sent]
    assert first == second
    assert first[1]["idempotency_key"] == "mine"
    assert first[0]["idempotency_key"] not in ("", "mine")


def test_an_answer_that_is_no_json_is_an_error() -> None:
    for body in (b"", b"<html>", b"[]"):
        with pytest.raises(SharjError, match="not a JSON object"):
            Sharj(Script([Answer(200, {}, body)])).get("auth/me/")


@pytest.mark.parametrize(
    ("login", "token"),
    [(Login.program("c", "s"), b'{"access_token": "t"}'), (Login.person("u", "p"), b'{"access": "t", "refresh": "r"}')],
    ids=["program", "person"],
)
def test_an_expired_token_is_renewed_once_and_the_request_keeps_its_key(login: Login, token: bytes) -> None:
    expired, renewed = Answer(401, {}, b'{"code": "invalid_token"}'), Answer(200, {}, token)
    script = Script([renewed, expired, renewed, SOLD])
    Sharj(script, login).sell("09123456789", "5")
    paths = [path.removeprefix("/api/v1/") for _, path, _, _ in script.sent]
    assert paths == [login.path, "charges/", login.path, "charges/"]
    assert script.keys[1] == script.keys[3]
    assert "Authorization" not in script.sent[0][2]
    assert script.sent[1][2]["Authorization"] == "Bearer t"


def test_a_login_that_is_refused_is_not_tried_again() -> None:
    script = Script([Answer(401, {}, b'{"error": "invalid_client"}')])
    with pytest.raises(Refused) as caught:
        Sharj(script, Login.program("c", "wrong")).balance()
    assert caught.value.code == "invalid_client"
    assert len(script.sent) == 1


def test_secrets_are_in_no_representation() -> None:
    for login in (Login.program("c", "s3cret"), Login.person("u", "s3cret"), Login("x", {}, "s3cret")):
        assert "s3cret" not in repr(login)
