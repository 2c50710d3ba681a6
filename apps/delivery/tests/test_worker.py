"""The worker: what it takes at a time, which operators it can call, and a database that goes away."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from apps.delivery.adapters.http_json import BadSettings
from apps.delivery.adapters.protocol import Answer, Outcome, TopUp
from apps.delivery.calls import adapter_of, claim_due, read_secret
from apps.delivery.models import Delivery
from apps.delivery.worker import Worker
from apps.testing.deliveries import SECRET, SECRET_VARIABLE, Script, make_operator, sell_delivered
from apps.testing.factories import make_seller

pytestmark = pytest.mark.django_db(transaction=True)


class Held(Script):
    """An adapter whose submissions wait until they are let go, and that remembers how many waited at once."""

    def __init__(self) -> None:
        super().__init__()
        self.go, self.most, self._now, self._lock = threading.Event(), 0, 0, threading.Lock()

    def submit(self, top_up: TopUp) -> Answer:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        self.go.wait(30)
        with self._lock:
            self._now -= 1
        return Answer(Outcome.DELIVERED)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Callable[[Worker], threading.Thread]:
    """Start a worker in a thread."""

    def start(worker: Worker) -> threading.Thread:
        thread = threading.Thread(target=worker.run, args=(stop,))
        thread.start()
        return thread

    stop = threading.Event()
    start.stop = stop  # type: ignore[attr-defined]  # of this fixture
    return start


def wait_for(holds: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(600):
        if holds():
            return
        waiting.wait(0.05)
    raise AssertionError("it did not happen")


def test_of_each_operator_so_many_at_a_time_and_none_waits_for_another(
    monkeypatch: pytest.MonkeyPatch, work: Any
) -> None:
    adapters = {"sim": Held(), "other": Held()}
    monkeypatch.setattr("apps.delivery.worker.adapter_of", lambda operator: adapters[operator.code])
    make_operator(max_in_flight=3)
    make_operator("other", carrier_names=["Rightel"], max_in_flight=2)
    seller = make_seller(balance="100.00")
    for number in range(8):
        sell_delivered(seller, "1.00", phone_number=("+989123456789", "+989201234567")[number % 2])
    thread = work(Worker(threads=16))
    try:
        wait_for(lambda: (adapters["sim"].most, adapters["other"].most) == (3, 2))
        adapters["other"].go.set()
        wait_for(lambda: Delivery.objects.filter(operator="other", status="delivered").count() == 4)
        assert Delivery.objects.filter(operator="sim", status="submitted").count() == 3
        adapters["sim"].go.set()
        wait_for(lambda: Delivery.objects.filter(status="delivered").count() == 8)
    finally:
        for adapter in adapters.values():
            adapter.go.set()
        work.stop.set()
        thread.join()
    assert (adapters["sim"].most, adapters["other"].most) == (3, 2)


def test_it_goes_on_when_the_database_is_back(monkeypatch: pytest.MonkeyPatch, work: Any) -> None:
    adapter = Held()
    adapter.go.set()
    monkeypatch.setattr("apps.delivery.worker.adapter_of", lambda operator: adapter)
    failures = [OperationalError("away"), OperationalError("away")]

    def claim(operator: str, limit: int) -> Any:
        if failures:
            raise failures.pop()
        return claim_due(operator, limit)

    monkeypatch.setattr("apps.delivery.worker.claim_due", claim)
    make_operator()
    sell_delivered(make_seller(balance="100.00"))
    thread = work(Worker(threads=2))
    try:
        wait_for(lambda: Delivery.objects.get().status == "delivered")
    finally:
        work.stop.set()
        thread.join()
    assert not failures


def test_it_shows_that_it_is_alive(work: Any, settings: Any, tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    settings.WORKER_HEARTBEAT_FILE = str(alive)
    thread = work(Worker(threads=1))
    try:
        wait_for(alive.exists)
        alive.unlink()
        wait_for(alive.exists)  # again and again
    finally:
        work.stop.set()
        thread.join()


def test_an_operator_that_cannot_be_called_is_told_and_others_are_served(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    make_operator("broken", carrier_names=[], settings={})
    make_operator("unknown", carrier_names=[], adapter="telepathy")
    make_operator("bare", carrier_names=[], secret_variable="OPERATOR_SECRET_MISSING")
    make_operator()
    worker = Worker(threads=1)
    assert worker.dispatch() == 0
    assert [code for code, _limit, _adapter in worker._operators] == ["sim"]
    assert caplog.text.count("operator cannot be called") == 3


def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    file = tmp_path / "secret"
    file.write_text("from a file\n")
    monkeypatch.setenv(SECRET_VARIABLE, "from the environment")
    assert read_secret(SECRET_VARIABLE) == "from the environment"
    monkeypatch.setenv(f"{SECRET_VARIABLE}_FILE", str(file))
    assert read_secret(SECRET_VARIABLE) == "from a file"
    assert read_secret("") == ""


def test_without_its_secret_an_operator_is_not_called() -> None:
    with pytest.raises(BadSettings):
        adapter_of(make_operator(secret_variable="OPERATOR_SECRET_MISSING"))
