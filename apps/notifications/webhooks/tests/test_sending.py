"""Sending: what a receiver gets, when it is tried again, and when an endpoint is given up."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import Seller
from apps.notifications.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from apps.notifications.webhooks import sending
from apps.notifications.webhooks.sending import RETRIES, attempt_delivery
from apps.notifications.webhooks.services import remove_endpoint, rotate_secret, send_test, update_endpoint
from apps.notifications.webhooks.transport import Answer
from apps.testing.api import Caller
from apps.testing.factories import make_seller, owner_of
from apps.testing.races import race
from apps.testing.receivers import Receiver, answering, certificate, running_receiver
from apps.testing.webhooks import URL, last_event, make_delivery, make_endpoint, verified

pytestmark = pytest.mark.django_db

SCHEDULE = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]


@pytest.fixture(autouse=True)
def _allow_loopback(settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    settings.WEBHOOK_CA_FILE = str(certificate())


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that answers 204."""
    with running_receiver() as running:
        yield running


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.moment = timezone.now()

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the whole application."""
    stands = Clock()
    monkeypatch.setattr(timezone, "now", stands)
    return stands


def answer_by(monkeypatch: pytest.MonkeyPatch, *answers: Answer) -> list[dict[str, str]]:
    """Answer requests by these, the last one for ever, without a network; return the headers of each."""
    sent: list[dict[str, str]] = []

    def post(url: str, headers: dict[str, str], content: bytes) -> Answer:
        sent.append(headers)
        return answers[min(len(sent), len(answers)) - 1]

    monkeypatch.setattr(sending, "post", post)
    return sent


REFUSED = Answer(500, b"no", "", 3)
ACCEPTED = Answer(200, b"", "", 3)


def test_a_receiver_verifies_what_it_gets_with_the_library(receiver: Receiver, seller: Seller) -> None:
    endpoint, secret = make_endpoint(seller, receiver.url("/hook?shop=1"))
    delivery = make_delivery(endpoint)
    receiver.behave = answering(202, "شد".encode())
    assert attempt_delivery(delivery.pk) is None
    [request] = receiver.received
    assert verified(request, secret)["id"] == str(delivery.event_id) == request.headers["webhook-id"]
    assert request.headers["Content-Type"] == "application/json"
    assert request.path == "/hook?shop=1"
    delivery.refresh_from_db()
    assert (delivery.status, delivery.next_try_at, delivery.claimed_until) == ("delivered", None, None)
    [attempt] = delivery.attempts.all()
    assert (attempt.status, attempt.answer, attempt.error) == (202, "شد", "")
    assert attempt_delivery(delivery.pk) is None  # done
    assert len(receiver.received) == 1


def test_two_secrets_sign_for_a_day(receiver: Receiver, seller: Seller, clock: Clock) -> None:
    endpoint, first = make_endpoint(seller, receiver.url())
    _, second = rotate_secret(endpoint_id=endpoint.pk, rotated_by=owner_of(seller))
    attempt_delivery(make_delivery(endpoint).pk)
    for secret in (first, second):
        assert verified(receiver.received[0], secret)
    clock.moment += timedelta(hours=24)
    attempt_delivery(make_delivery(endpoint).pk)
    assert receiver.received[1].headers["webhook-signature"].count("v1,") == 1


@pytest.mark.parametrize(
    "answer", [REFUSED, Answer(302, b"", "", 1), Answer(404, b"", "", 1), Answer(None, b"", "timeout", 10_000)]
)
def test_it_is_tried_ten_times_in_three_days_and_then_the_endpoint_is_disabled(
    answer: Answer, seller: Seller, clock: Clock, monkeypatch: pytest.MonkeyPatch, owner: Caller
) -> None:
    endpoint, _ = make_endpoint(seller)
    other, _ = make_endpoint(seller, f"{URL}/2", ["webhook_endpoint.disabled"])
    delivery, waiting = make_delivery(endpoint), make_delivery(endpoint)
    WebhookDelivery.objects.filter(pk=waiting.pk).update(next_try_at=clock.moment + timedelta(days=9))
    sent = answer_by(monkeypatch, answer)
    for seconds in SCHEDULE:
        next_at = attempt_delivery(delivery.pk)
        assert next_at is not None
        assert 0.9 * seconds <= (next_at - clock.moment).total_seconds() <= 1.1 * seconds
        clock.moment = next_at - timedelta(milliseconds=1)
        assert attempt_delivery(delivery.pk) == next_at
        clock.moment = next_at
        assert WebhookEndpoint.objects.get(pk=endpoint.pk).enabled
    for _ in range(2):
        assert attempt_delivery(delivery.pk) is None

    assert len({headers["webhook-id"] for headers in sent}) == 1
    assert len(sent) == len(SCHEDULE) + 1
    assert int(sent[-1]["webhook-timestamp"]) == int(clock.moment.timestamp())
    for each in (delivery, waiting):
        each.refresh_from_db()
        assert (each.status, each.next_try_at) == ("failed", None)
    shown = owner.get(f"webhook-endpoints/{endpoint.pk}/").body
    assert (shown["enabled"], shown["disabled_reason"]) == (False, "failing")
    # Its owner is told: by an event, at the other endpoint too.
    event = last_event(seller)
    assert (event.type, event.data) == ("webhook_endpoint.disabled", shown)
    assert WebhookDelivery.objects.filter(event_id=event.pk).get().endpoint == other


def test_waits_differ_from_delivery_to_delivery(seller: Seller, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint, _ = make_endpoint(seller)
    answer_by(monkeypatch, REFUSED)
    assert len({attempt_delivery(make_delivery(endpoint).pk) for _ in range(8)}) == 8
    assert [wait.total_seconds() for wait in RETRIES] == SCHEDULE


def test_a_receiver_that_was_down_for_an_hour_gets_every_event_once(
    receiver: Receiver, seller: Seller, clock: Clock
) -> None:
    endpoint, _ = make_endpoint(seller, receiver.url())
    began, deliveries = clock.moment, []
    receiver.behave = answering(503)
    for minute in range(0, 300, 5):
        clock.moment = began + timedelta(minutes=minute)
        if minute < 60 and minute % 10 == 0:
            deliveries.append(make_delivery(endpoint))
        if minute == 60:
            receiver.behave = answering(204)
            receiver.received.clear()
        for delivery in deliveries:
            attempt_delivery(delivery.pk)
    events = [str(delivery.event_id) for delivery in deliveries]
    assert sorted(request.headers["webhook-id"] for request in receiver.received) == sorted(events)
    assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {"delivered"}
    assert WebhookAttempt.objects.filter(status=503).count() >= 2 * len(events)


def test_a_410_disables_at_once(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint, _ = make_endpoint(seller)
    delivery = make_delivery(endpoint)
    answer_by(monkeypatch, Answer(410, b"", "", 1))
    assert attempt_delivery(delivery.pk) is None
    endpoint.refresh_from_db()
    delivery.refresh_from_db()
    assert (endpoint.enabled, endpoint.disabled_reason, delivery.status) == (False, "gone", "failed")
    assert last_event(seller).data["disabled_reason"] == "gone"


def test_a_success_ends_the_failing(seller: Seller, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint, _ = make_endpoint(seller)
    delivery = make_delivery(endpoint)
    answer_by(monkeypatch, REFUSED, ACCEPTED)
    clock.moment = attempt_delivery(delivery.pk) or clock.moment
    endpoint.refresh_from_db()
    assert endpoint.failing_since is not None
    assert attempt_delivery(delivery.pk) is None
    assert not WebhookEndpoint.objects.filter(failing_since__isnull=False).exists()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.failures) == ("delivered", 0)


@pytest.mark.parametrize("answer", [REFUSED, Answer(410, b"", "", 1)])
def test_a_failed_test_is_not_repeated_and_has_no_consequence(
    answer: Answer, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, _ = make_endpoint(seller)
    update_endpoint(endpoint_id=endpoint.pk, changes={"enabled": False}, changed_by=owner_of(seller))
    before = WebhookEndpoint.objects.values().get()
    delivery = send_test(endpoint_id=endpoint.pk, asked_by=owner_of(seller))
    sent = answer_by(monkeypatch, answer)
    for _ in range(2):
        assert attempt_delivery(delivery.pk) is None
    delivery.refresh_from_db()
    assert (len(sent), delivery.status, delivery.attempts.count()) == (1, "failed", 1)
    assert WebhookEndpoint.objects.values().get() == before


def test_an_answer_that_is_no_text_is_kept(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = make_delivery(make_endpoint(seller)[0])
    answer_by(monkeypatch, Answer(200, b"a\0b\xff", "", 1))
    attempt_delivery(delivery.pk)
    assert WebhookAttempt.objects.get().answer == "a\ufffdb\ufffd"


def test_an_endpoint_that_is_removed_meanwhile_stays_removed(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint, _ = make_endpoint(seller)
    delivery = make_delivery(endpoint)

    def post(*_: Any) -> Answer:
        remove_endpoint(endpoint_id=endpoint.pk, removed_by=owner_of(seller))
        return REFUSED

    monkeypatch.setattr(sending, "post", post)
    assert attempt_delivery(delivery.pk) is None
    endpoint.refresh_from_db()
    delivery.refresh_from_db()
    assert (endpoint.disabled_reason, endpoint.secret, delivery.status) == ("seller", "", "failed")
    assert attempt_delivery(delivery.pk) is None


def test_a_claim_ends_by_itself(seller: Seller, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint, _ = make_endpoint(seller)
    delivery = make_delivery(endpoint)

    def die(*_: Any) -> Answer:
        raise KeyboardInterrupt

    monkeypatch.setattr(sending, "post", die)
    with pytest.raises(KeyboardInterrupt):
        attempt_delivery(delivery.pk)
    sent = answer_by(monkeypatch, ACCEPTED)
    until = attempt_delivery(delivery.pk)
    assert until == clock.moment + timedelta(seconds=30)
    assert sent == []
    clock.moment = until
    assert attempt_delivery(delivery.pk) is None
    assert [headers["webhook-id"] for headers in sent] == [str(delivery.event_id)]


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_request_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = make_delivery(make_endpoint(make_seller())[0])
    seen: list[bool] = []

    def post(*_: Any) -> Answer:
        seen.append(connection.in_atomic_block)
        return ACCEPTED

    monkeypatch.setattr(sending, "post", post)
    attempt_delivery(delivery.pk)
    assert seen == [False]


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_sends(receiver: Receiver) -> None:
    delivery = make_delivery(make_endpoint(make_seller(), receiver.url())[0])
    race(*[lambda: attempt_delivery(delivery.pk)] * 8)
    assert len(receiver.received) == 1
    assert WebhookAttempt.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("failing", "most"), [(False, 4), (True, 1)])
def test_few_requests_to_one_endpoint_are_under_way(failing: bool, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint, _ = make_endpoint(make_seller())
    if failing:
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=timezone.now())
    deliveries = [make_delivery(endpoint).pk for _ in range(12)]
    claims: list[int] = []
    gate = Barrier(most)

    def post(*_: Any) -> Answer:
        with suppress(BrokenBarrierError):
            gate.wait(2)
        claims.append(WebhookDelivery.objects.filter(claimed_until__isnull=False).count())
        return REFUSED if failing else ACCEPTED

    monkeypatch.setattr(sending, "post", post)
    race(*(lambda pk=pk: attempt_delivery(pk) for pk in deliveries))
    assert max(claims) == most
    waiting = WebhookDelivery.objects.filter(status="pending", failures=0)
    assert all((attempt_delivery(each.pk) is None) != failing for each in waiting[:1])
