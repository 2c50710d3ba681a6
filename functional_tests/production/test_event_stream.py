"""The event stream behind nginx: events come through one by one, and a stream that broke goes on where it was."""

from __future__ import annotations

import http.client
import json
import signal
from collections.abc import Iterator

import pytest

from apps.testing.event_streams import Stream, closing_streams, open_stream, wait_until
from functional_tests.production.people import Admin, Owner
from functional_tests.production.stack import Stack

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(autouse=True)
def _streams_are_closed() -> Iterator[None]:
    with closing_streams():
        yield


def _open(stack: Stack, owner: Owner, last_id: str = "") -> Stream:
    door = http.client.HTTPSConnection("localhost", stack.ports["https"], timeout=40, context=stack.tls)
    return open_stream(door, owner.token, last_id)


def _credit(owner: Owner, admin: Admin) -> str:
    """Have a request for credit approved; return its id."""
    request: str = json.loads(owner.post("credit-requests/", {"amount": "1.00"})[1])["id"]
    assert admin.post(f"credit-requests/{request}/approve/", {})[0] == 200
    return request


def test_nginx_holds_no_event_back(stack: Stack) -> None:
    admin = Admin(stack)
    owner = Owner(stack, admin, "10.00")
    stream = _open(stack, owner)
    assert stream.answer.status == 200
    for _ in range(3):
        request = _credit(owner, admin)
        event = stream.next()
        assert event is not None
        assert (event["type"], event["data"]["id"]) == ("credit_request.approved", request)


def test_a_stream_that_broke_goes_on_where_it_was(stack: Stack) -> None:
    admin = Admin(stack)
    owner = Owner(stack, admin, "10.00")
    stream = _open(stack, owner)
    _credit(owner, admin)
    assert stream.next() is not None

    stack.programs["stream"].stop(signal.SIGKILL)
    missed = [_credit(owner, admin) for _ in range(2)]
    status, problem = owner.send("GET", "/api/v1/events/stream/")
    assert (status, json.loads(problem)["code"]) == (503, "temporarily_unavailable")

    stack.programs["stream"].start()
    wait_until(lambda: _open(stack, owner).answer.status == 200)
    events = _open(stack, owner, stream.last_id).take(2)
    assert [event["data"]["id"] for event in events] == missed


def test_it_listens_again_after_a_restart_of_postgresql(stack: Stack) -> None:
    admin = Admin(stack)
    owner = Owner(stack, admin, "10.00")
    stream = _open(stack, owner)
    stack.programs["postgres"].stop()
    stack.programs["postgres"].start()
    wait_until(lambda: stack.ready()["status"] == "ok")
    request = _credit(owner, admin)
    event = stream.next()
    assert event is not None
    assert event["data"]["id"] == request
