"""The contract of adapters, kept by each of them against a real server; and what the network can do to a call."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from apps.core.values.ids import uuid7
from apps.delivery.adapters import ADAPTERS
from apps.delivery.adapters.http_json import MAX_ANSWER_BYTES, BadSettings, HttpSettings
from apps.delivery.adapters.protocol import Adapter, InvalidCallback, Outcome, TopUp
from apps.delivery.adapters.signing import signature_headers
from apps.delivery.simulator.outcomes import OUTCOMES
from apps.delivery.simulator.server import Simulator
from apps.testing.deliveries import SECRET, running_simulator

PLAIN = "+989121110000"


def order(digits: str = "00", reference: str = "") -> TopUp:
    return TopUp(reference or str(uuid7()), PLAIN[:-2] + digits, Decimal("5.00"))


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running_simulator() as server:
        yield server


Open = Callable[..., Adapter]


@pytest.fixture
def open_adapter() -> Iterator[Open]:
    """Open adapters, which are closed afterwards."""
    opened: list[Adapter] = []

    def open_one(port: int, *, name: str = "http_json", secret: str = SECRET, **settings: Any) -> Adapter:
        given = {"base_url": f"http://127.0.0.1:{port}", "read_timeout_seconds": 25.0, "connect_timeout_seconds": 25.0}
        opened.append(ADAPTERS[name]({**given, **settings}, secret))
        return opened[-1]

    yield open_one
    for adapter in opened:
        adapter.close()


@pytest.fixture(params=sorted(ADAPTERS))
def adapter(simulator: Simulator, open_adapter: Open, request: pytest.FixtureRequest) -> Adapter:
    return open_adapter(simulator.server_port, name=request.param)


def test_a_top_up_is_delivered_and_told_again(adapter: Adapter) -> None:
    asked = order()
    answer, again = adapter.submit(asked), adapter.inquire(asked.reference)

    assert (answer.outcome, again.outcome) == (Outcome.DELIVERED, Outcome.DELIVERED)
    assert answer.operator_reference == again.operator_reference != ""
    assert asked.reference in answer.sent
    assert SECRET not in f"{answer}{again}"


def test_a_repeated_submission_acts_once(adapter: Adapter, simulator: Simulator) -> None:
    asked = order()
    assert {adapter.submit(asked).operator_reference for _ in range(3)} == {
        adapter.inquire(asked.reference).operator_reference
    }
    row = simulator.book.find(asked.reference)
    assert row is not None
    assert (row.acted, row.submissions) == (1, 3)


def test_a_refusal_has_the_operators_words(adapter: Adapter) -> None:
    answer = adapter.submit(order("90"))
    assert (answer.outcome, answer.message) == (Outcome.REFUSED, "The number takes no top-ups.")


def test_a_reference_that_was_never_submitted_is_unheard(adapter: Adapter) -> None:
    assert adapter.inquire(str(uuid7())).outcome is Outcome.UNHEARD


@pytest.mark.parametrize(
    ("digits", "first", "then"),
    [
        ("91", Outcome.DELIVERED, Outcome.DELIVERED),
        ("92", Outcome.UNKNOWN, Outcome.DELIVERED),
        ("93", Outcome.UNKNOWN, Outcome.DELIVERED),
        ("94", Outcome.UNKNOWN, Outcome.UNHEARD),
        ("95", Outcome.ACCEPTED, Outcome.ACCEPTED),
        ("96", Outcome.ACCEPTED, Outcome.ACCEPTED),
        ("97", Outcome.UNKNOWN, Outcome.DELIVERED),
        ("98", Outcome.UNKNOWN, Outcome.UNHEARD),
        ("99", Outcome.DELIVERED, Outcome.DELIVERED),
    ],
)
def test_each_number_of_the_table_behaves_as_it_says(
    simulator: Simulator, open_adapter: Open, digits: str, first: Outcome, then: Outcome
) -> None:
    asked, adapter = order(digits), open_adapter(simulator.server_port)
    if digits == "92":  # longer than is waited for
        impatient = open_adapter(simulator.server_port, read_timeout_seconds=0.3)
        assert impatient.submit(asked).outcome is first
        return
    assert (adapter.submit(asked).outcome, adapter.inquire(asked.reference).outcome) == (first, then), OUTCOMES[digits]


def test_a_wrong_secret_is_not_a_refusal(simulator: Simulator, open_adapter: Open) -> None:
    """Answer `UNKNOWN` to 401: nothing says that the operator has not acted on this reference before."""
    adapter = open_adapter(simulator.server_port, secret="wrong")
    assert adapter.submit(order()).outcome is adapter.inquire(order().reference).outcome is Outcome.UNKNOWN


def test_a_bearer_token_does_too(simulator: Simulator, open_adapter: Open) -> None:
    assert open_adapter(simulator.server_port, auth="bearer").submit(order()).outcome is Outcome.DELIVERED


@contextmanager
def answering(content: bytes, status: int = 200, before: Callable[[], object] = lambda: None) -> Iterator[int]:
    """Serve the same answer to everything, each time after `before`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            before()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with closing(self.connection):
                self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # the client hung up
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


REFERENCE = "0197f3a0-7c1e-7b6a-9d1f-3f6f0c2f8a11"  # not of this moment: processes of pytest compare the names of tests


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 200),
        (b"null", 200),
        (b"[]", 200),
        (b'{"status": "refused"}', 200),
        (b'{"status": "refused", "reference": "another"}', 200),
        (b'{"status": "REFUSED", "reference": "%s"}' % REFERENCE.encode(), 200),
        (b'{"status": ["refused"], "reference": "%s"}' % REFERENCE.encode(), 200),
        (b'{"status": "refused", "reference": "%s"' % REFERENCE.encode(), 200),
        (b'{"status": "refused", "reference": "%s"}' % REFERENCE.encode(), 502),
        (b"not found", 404),
        (b"[" * 50_000, 200),
        (b"\xff\xfe\x00", 200),
        (b'{"status": "delivered", "reference": "%s", "x": "%s"}' % (REFERENCE.encode(), b"x" * MAX_ANSWER_BYTES), 200),
    ],
)
def test_an_answer_that_does_not_say_so_is_neither_delivered_nor_refused(
    content: bytes, status: int, open_adapter: Open
) -> None:
    with answering(content, status) as port:
        answer = open_adapter(port).submit(order(reference=REFERENCE))
    assert answer.outcome is Outcome.UNKNOWN
    assert len(answer.answered) <= 1_000


def test_words_that_a_database_cannot_keep_are_kept_without_them(open_adapter: Open) -> None:
    said = {"status": "refused", "reference": REFERENCE, "message": "no\0 " + "x" * 900, "operator_reference": 5}
    with answering(json.dumps(said).encode()) as port:
        answer = open_adapter(port).submit(order(reference=REFERENCE))
    assert (answer.outcome, len(answer.message), answer.operator_reference) == (Outcome.REFUSED, 500, "")
    assert "\0" not in f"{answer.message}{answer.answered}"


def test_a_call_that_reaches_nobody_was_not_sent(open_adapter: Open) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        assert open_adapter(taken.getsockname()[1]).submit(order()).outcome is Outcome.NOT_SENT


def test_a_server_that_says_nothing_is_unknown(open_adapter: Open) -> None:
    with closing(socket.socket()) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        answer = open_adapter(silent.getsockname()[1], read_timeout_seconds=0.2).submit(order())
    assert answer.outcome is Outcome.UNKNOWN


def test_after_many_failures_nothing_is_sent_for_a_while(open_adapter: Open) -> None:
    with answering(b"", 500) as port:
        adapter = open_adapter(port, breaker_failures=3, breaker_rest_seconds=1_000)
        outcomes = [adapter.submit(order()).outcome for _ in range(5)]
    assert outcomes == [Outcome.UNKNOWN] * 3 + [Outcome.NOT_SENT] * 2


def test_calls_at_the_same_time_do_not_wait_for_each_other(open_adapter: Open) -> None:
    """Answer only when six calls have come; one after the other they never would."""
    all_here = threading.Barrier(6)
    with answering(b"", before=lambda: all_here.wait(20)) as port:
        adapter, threads = open_adapter(port), []
        for _ in range(6):
            threads.append(threading.Thread(target=adapter.submit, args=(order(),)))
            threads[-1].start()
        for thread in threads:
            thread.join()
    assert not all_here.broken


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"base_url": "http://operator.example"},
        {"base_url": "file:///etc/passwd"},
        {"base_url": "https://user@operator.example"},
        {"base_url": "https://x", "auth": "none"},
        {"base_url": "https://x", "colour": "red"},
        {"base_url": "https://x", "read_timeout_seconds": "5"},
        {"base_url": "https://x", "read_timeout_seconds": True},
        {"base_url": "https://x", "breaker_failures": 0},
        {"base_url": "https://x", "connections": float("nan")},
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(BadSettings):
        HttpSettings.read(given)


BODY = b'{"reference": "r", "status": "delivered", "operator_reference": "o", "message": ""}'


def test_a_signed_callback_is_read(open_adapter: Open) -> None:
    callback = open_adapter(9).read_callback(signature_headers(SECRET, "callback", BODY), BODY)
    assert (callback.reference, callback.answer.outcome, callback.answer.operator_reference) == (
        "r", Outcome.DELIVERED, "o",
    )  # fmt: skip


FORGED: dict[str, Callable[[], tuple[dict[str, str], bytes]]] = {
    "unsigned": lambda: ({}, BODY),
    "of another secret": lambda: (signature_headers("other", "callback", BODY), BODY),
    "of another body": lambda: (signature_headers(SECRET, "callback", BODY), BODY + b" "),
    "of a request": lambda: (signature_headers(SECRET, "POST /topups", BODY), BODY),
    "old": lambda: ({**signature_headers(SECRET, "callback", BODY), "X-Sharj-Time": "1"}, BODY),
    "of odd characters": lambda: ({"X-Sharj-Time": "\u0661", "X-Sharj-Signature": "\u00e9"}, BODY),
    "not JSON": lambda: (signature_headers(SECRET, "callback", b"x"), b"x"),
    "of no end": lambda: (signature_headers(SECRET, "callback", b'{"reference": "r"}'), b'{"reference": "r"}'),
}


@pytest.mark.parametrize("forgery", FORGED)
def test_a_callback_that_is_not_the_operators_is_refused(forgery: str, open_adapter: Open) -> None:
    headers, body = FORGED[forgery]()
    with pytest.raises(InvalidCallback):
        open_adapter(9).read_callback(headers, body)


def test_without_a_secret_no_callback_is_believed(open_adapter: Open) -> None:
    adapter = open_adapter(9, secret="")
    with pytest.raises(InvalidCallback):
        adapter.read_callback(signature_headers("", "callback", BODY), BODY)
