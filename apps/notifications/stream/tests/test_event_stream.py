"""GET events/stream/: every event of the seller once and in order, through lost connections of either side."""

import json
import time
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from apps.accounts.models import Seller, Session, User
from apps.accounts.roles import SellerRole
from apps.accounts.sessions.tokens import issue_pair
from apps.core.values.ids import uuid7_at
from apps.notifications.stream import application, watcher
from apps.notifications.stream.selectors import BATCH, live_sessions
from apps.outbox.models import EventType
from apps.outbox.services import record_event
from apps.testing.event_streams import Stream, closing_streams, open_stream, running_stream_server, wait_until
from apps.testing.factories import add_credit, make_seller, make_staff, make_user, owner_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.own_connection]

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def port(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(watcher, "CHECK_SECONDS", 0.1)
    monkeypatch.setattr(watcher, "RECONNECT_SECONDS", 0.05)
    with closing_streams(), running_stream_server() as port:
        yield port


def _token(user: User) -> str:
    session = Session(user=user)
    pair = issue_pair(session)
    session.save()
    return pair.access


def _tell(seller: Seller, number: int = 1) -> list[str]:
    """Record events and return their ids."""
    ids = []
    for _ in range(number):
        with transaction.atomic():
            ids.append(str(record_event(EventType.SELLER_VERIFIED, seller_id=seller.pk, about=seller.pk).pk))
    return ids


def _ids(events: list[dict[str, Any]]) -> list[str]:
    return [event["id"] for event in events]


def _refusal(stream: Stream) -> tuple[int, str]:
    return stream.answer.status, json.loads(stream.answer.read())["code"]


def test_an_event_arrives_as_the_api_lists_it(port: int) -> None:
    seller = make_seller()
    stream = open_stream(port, _token(make_user(seller, SellerRole.VIEWER)))
    assert stream.answer.status == 200
    assert stream.answer.getheader("Content-Type") == "text/event-stream"
    assert stream.answer.getheader("Cache-Control") == "no-store"
    assert stream.answer.getheader("X-Accel-Buffering") == "no"
    assert stream.answer.getheader("X-Request-ID")

    add_credit(seller, "5.00")

    event = stream.next()
    assert event is not None
    assert (event["type"], event["data"]["amount"], event["data"]["status"]) == (
        "credit_request.approved", "5.00", "approved",
    )  # fmt: skip
    assert datetime.fromisoformat(event["timestamp"]).tzinfo


def test_it_begins_with_the_next_event_and_resumes_after_the_last_one(port: int) -> None:
    seller = make_seller()
    earlier = _tell(seller, BATCH * 2 + 7)
    stream = open_stream(port, token := _token(owner_of(seller)))
    _tell(make_seller())  # another seller's
    [new] = _tell(seller)
    assert _ids(stream.take(1)) == [new]

    resumed = open_stream(port, token, earlier[2])
    assert _ids(resumed.take(len(earlier) - 2)) == [*earlier[3:], new]


def test_a_seller_without_events_gets_its_first_one(port: int) -> None:
    seller = make_seller()
    stream = open_stream(port, _token(owner_of(seller)))
    first = _tell(seller)
    assert _ids(stream.take(1)) == first


def test_nothing_is_lost_or_repeated_while_clients_and_the_listener_lose_their_connections(port: int) -> None:
    seller = make_seller()
    token = _token(owner_of(seller))
    [before] = _tell(seller)
    told: list[str] = []

    def tell() -> None:
        told.extend(_tell(seller, 120))
        connection.close()

    writer = Thread(target=tell)
    writer.start()
    seen: list[str] = []
    last_id = before
    for _ in range(12):
        stream = open_stream(port, token, last_id)
        seen += _ids(stream.take(10))
        last_id = stream.last_id
        stream.close()
        _end_listeners()
    writer.join()
    assert seen == told


def _end_listeners() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")


def test_what_is_committed_while_nothing_listens_arrives(port: int) -> None:
    seller = make_seller()
    stream = open_stream(port, _token(owner_of(seller)))
    [first] = _tell(seller)
    assert _ids(stream.take(1)) == [first]
    for _ in range(3):
        _end_listeners()
        [missed] = _tell(seller)
        assert _ids(stream.take(1)) == [missed]


def test_a_comment_shows_that_it_lives(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "HEARTBEAT_SECONDS", 0.05)
    seller = make_seller()
    stream = open_stream(port, _token(owner_of(seller)))
    while not stream.answer.readline().startswith(b":"):
        pass


@pytest.mark.parametrize("end", ["session", "user"])
def test_it_ends_with_the_session_and_with_the_user(port: int, end: str) -> None:
    seller = make_seller()
    user = owner_of(seller)
    ended, other = open_stream(port, _token(user)), open_stream(port, _token(make_user(seller)))
    if end == "session":
        user.sessions.update(revoked_at=LONG_AGO)
    else:
        User.objects.filter(pk=user.pk).update(is_active=False)
    assert ended.next() is None
    _tell(seller)
    assert len(other.take(1)) == 1


def test_a_stream_that_opens_during_a_check_of_sessions_stays(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(session_ids: Collection[UUID]) -> set[UUID]:
        live = live_sessions(session_ids)
        time.sleep(0.3)
        return live

    monkeypatch.setattr(watcher, "live_sessions", check)
    seller = make_seller()
    stream = open_stream(port, _token(owner_of(seller)))
    time.sleep(0.4)  # one check has ended since
    told = _tell(seller)
    assert _ids(stream.take(1)) == told


def test_an_event_after_the_end_of_the_session_is_not_sent(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "CHECK_SECONDS", 60)
    seller = make_seller()
    user = owner_of(seller)
    stream = open_stream(port, _token(user))
    user.sessions.update(revoked_at=LONG_AGO)
    _tell(seller)
    assert stream.next() is None


def test_streams_of_a_seller_are_limited_and_a_closed_one_counts_no_more(port: int, settings: Settings) -> None:
    settings.EVENT_STREAMS_PER_SELLER = 2
    token, other = _token(owner_of(make_seller())), _token(owner_of(make_seller()))
    first, _ = open_stream(port, token), open_stream(port, token)
    refused = open_stream(port, token)
    assert refused.answer.status == 429
    problem = json.loads(refused.answer.read())
    assert (problem["code"], problem["limit"]) == ("too_many_streams", 2)
    assert open_stream(port, other).answer.status == 200

    settings.EVENT_STREAMS_PER_PROCESS = 3
    assert _refusal(open_stream(port, other)) == (429, "too_many_streams")
    first.close()
    wait_until(lambda: open_stream(port, token).answer.status == 200)


def test_refusals_are_problem_documents(port: int) -> None:
    token = _token(owner_of(make_seller()))
    old = str(uuid7_at(LONG_AGO))
    assert _refusal(open_stream(port, "")) == (401, "not_authenticated")
    assert _refusal(open_stream(port, "nonsense")) == (401, "invalid_token")
    assert _refusal(open_stream(port, _token(make_staff("admin")))) == (403, "permission_denied")
    assert _refusal(open_stream(port, token, "17")) == (400, "validation_error")
    assert _refusal(open_stream(port, token, old)) == (410, "event_gone")
    assert _refusal(open_stream(port, token, path="events/stream/?after=1")) == (400, "validation_error")
    assert _refusal(open_stream(port, token, method="POST")) == (405, "method_not_allowed")


def test_the_rest_of_the_application_answers_here_too(port: int) -> None:
    answer = open_stream(port, "", path="health/live/").answer
    assert (answer.status, json.loads(answer.read())) == (200, {"status": "ok"})


def test_the_server_stops_although_streams_are_open() -> None:
    seller = make_seller()
    with closing_streams():
        with running_stream_server() as port:
            stream = open_stream(port, _token(owner_of(seller)))
        assert stream.next() is None


def test_gunicorn_sends_callers_to_the_stream(owner: Any, settings: Settings) -> None:
    assert owner.get("events/stream/").status == 404
    settings.EVENT_STREAM_URL = "http://127.0.0.1:8001/api/v1/events/stream/"
    answer = owner.get("events/stream/")
    assert (answer.status, answer.headers["Location"]) == (307, settings.EVENT_STREAM_URL)
