"""A replica that is told to stop or to reload answers what it has accepted, without a proxy to repeat it."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import psycopg2
import pytest

from functional_tests.production.people import Admin, Owner
from functional_tests.production.processes import answers, wait_for
from functional_tests.production.stack import Stack

pytestmark = pytest.mark.timeout(300)
# What an operator is promised to be able to watch.
METRICS = (
    "sharj_http_requests_total", "sharj_http_request_seconds_bucket", "sharj_ledger_entries_total",
    "sharj_refusals_total", "sharj_replays_total", "sharj_lock_wait_seconds_bucket", "sharj_balance_sum",
    "sharj_credit_requests_pending", "sharj_credit_requests_oldest_seconds", "sharj_balance_drift",
    "sharj_reconciliation_age_seconds", "sharj_database_connections", "sharj_database_up",
)  # fmt: skip


@pytest.fixture(scope="module")
def owner(stack: Stack) -> Owner:
    return Owner(stack, Admin(stack), "1000.00")


@contextmanager
def wallet_locked(stack: Stack, seller_id: str) -> Iterator[None]:
    """Hold the lock of a wallet, so that its charges wait."""
    link = psycopg2.connect(
        host="127.0.0.1", port=stack.ports["postgres"], user="postgres", dbname="sharj",
        password=stack.superuser_password,
    )  # fmt: skip
    with closing(link), link.cursor() as cursor:
        cursor.execute("SELECT FROM transactions_wallet WHERE seller_id = %s FOR UPDATE", [seller_id])
        yield
        link.rollback()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["stop", "reload"])
def test_requests_in_flight_are_answered(stack: Stack, owner: Owner, number: signal.Signals) -> None:
    replica, port = stack.programs["app-0"], stack.app_ports[0]
    with ThreadPoolExecutor(6) as pool:
        with wallet_locked(stack, owner.seller_id):
            waiting = [pool.submit(owner.charge, f"{number.name}-{n}", port) for n in range(6)]
            time.sleep(0.5)
            replica.send(number)
            time.sleep(0.7)
            assert not any(future.done() for future in waiting)
        assert Counter(future.result()[0] for future in waiting) == {201: 6}
    if number == signal.SIGTERM:
        assert replica.process is not None
        assert replica.process.wait(30) == 0
        replica.start()
    wait_for(lambda: answers(port), "replica")


def test_a_replica_that_stops_refuses_new_connections_at_once(stack: Stack) -> None:
    """A proxy goes on to the next replica; one that is taken and reset in the end would be a lost POST."""
    replica, port = stack.programs["app-0"], stack.app_ports[0]
    with socket.create_connection(("127.0.0.1", port), timeout=40) as slow:
        slow.sendall(b"POST /api/v1/auth/seller/login/ HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Proto: https\r\n")
        slow.sendall(b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{")
        time.sleep(0.5)
        replica.send(signal.SIGTERM)
        wait_for(lambda: not answers(port), "refused connection", 10)  # it would wait 20 s for this request
        slow.sendall(b"}")
        assert slow.recv(64).startswith(b"HTTP/1.1 400 ")
    assert replica.process is not None
    assert replica.process.wait(30) == 0
    replica.start()


def test_connections_that_wait_when_a_stop_begins_are_answered(stack: Stack, owner: Owner) -> None:
    replica, port = stack.programs["app-0"], stack.app_ports[0]
    assert replica.process is not None
    workers = replica.children()
    with ThreadPoolExecutor(3) as pool:
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        waiting = [pool.submit(owner.charge, f"queued-{number}", port) for number in range(3)]
        time.sleep(0.5)
        replica.send(signal.SIGTERM)
        for worker in workers:
            os.kill(worker, signal.SIGTERM)
            os.kill(worker, signal.SIGCONT)
        assert [future.result()[0] for future in waiting] == [201] * 3
    assert replica.process.wait(30) == 0
    replica.start()


def test_a_reload_refuses_nobody(stack: Stack, owner: Owner) -> None:
    """Each charge comes on a connection of its own, so each meets whatever worker there is."""
    port, stop = stack.app_ports[1], threading.Event()
    seen: Counter[object] = Counter()

    def sell(worker: int) -> None:
        number = 0
        while not stop.is_set() and number < 500:
            try:
                seen[owner.charge(f"reload-{worker}-{number}", port)[0]] += 1
            except OSError as error:
                seen[type(error).__name__] += 1
            number += 1
            time.sleep(0.02)

    sellers = [threading.Thread(target=sell, args=(worker,)) for worker in range(4)]
    for thread in sellers:
        thread.start()
    for _ in range(2):
        time.sleep(1)
        stack.programs["app-1"].send(signal.SIGHUP)
    time.sleep(4)
    stop.set()
    for thread in sellers:
        thread.join()
    print(f"\ngunicorn reloaded twice under load, without nginx: {dict(seen)}")
    assert set(seen) == {201}


def test_every_promised_metric_is_there(stack: Stack, owner: Owner) -> None:
    port = stack.app_ports[0]
    owner.charge("again", port)
    owner.charge("again", port)
    owner.post("charges/", {"phone_number": "+989123456789", "amount": "9000.00"}, port)
    assert stack.run(["python", "manage.py", "reconcile_balances"], stack.direct()).returncode == 0
    found: set[str] = set()

    def scrape() -> bool:
        status, text = Metrics(stack).read(port)
        assert status == 200
        found.update(line.split("{")[0].split(" ")[0] for line in text.decode().splitlines())
        return set(METRICS) <= found

    wait_for(scrape, f"of {set(METRICS)}", 30)  # gauges are kept for ten seconds


class Metrics(Owner):
    """Prometheus."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.token = stack, stack.secrets["metrics"]

    def read(self, port: int) -> tuple[int, bytes]:
        return self.send("GET", "/metrics", port=port)
