"""The oracle in short: real workers that are killed, a real operator, and the verdict over every charge."""

import os
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import connection

from apps.delivery.models import Attempt, Delivery, Operator
from apps.testing.deliveries import delivering, make_operator
from apps.testing.factories import claims_of, make_seller, owner_of, sell
from apps.testing.invariants import assert_ledger_consistent
from apps.transactions.charges.services import Order, sell_charges
from functional_tests.deliveries.actors import SECRET, Actor, read_book, simulator
from functional_tests.deliveries.verdict import judge, rows_of, sold
from functional_tests.server import HOST, free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

CHARGES, SELLERS = 90, 3
# Lost answers, refusals, late ends, and many that are delivered.
DIGITS = ("90", "93", "94", "96", "97", "98", "00", "01", "02", "03", "04", "05")
PATIENCE_SECONDS = 120.0


@pytest.fixture
def environment() -> dict[str, str]:
    """What a worker needs to work on the test's database, in a hurry."""
    login = connection.settings_dict
    return {
        "DATABASE_HOST": login["HOST"], "DATABASE_PORT": str(login["PORT"]), "DATABASE_NAME": login["NAME"],
        "DATABASE_USER": login["USER"], "DATABASE_PASSWORD": login["PASSWORD"],
        "DATABASE_OWNER_USER": "unused", "DATABASE_OWNER_PASSWORD": "unused",
        "DELIVERY": "true", "DELIVERY_LEASE_SECONDS": "3", "DELIVERY_RETRY_SECONDS": "0.3",
        "DELIVERY_RETRY_MOST_SECONDS": "1", SECRET: "between us",
    }  # fmt: skip


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """The port of a running operator, to which charges of three sellers were sold."""
    port = free_port()
    operator = simulator(tmp_path, port, secret="between us")
    settings = {"base_url": f"http://{HOST}:{port}", "read_timeout_seconds": 1.0}
    make_operator(settings=settings, secret_variable=SECRET, carrier_names=["IR-MCI"])
    random = Random(os.environ.get("ORACLE_SEED", "16"))
    for _ in range(SELLERS):
        claims = claims_of(owner_of(make_seller(balance="10000.00")))
        orders = [
            Order(phone_number=f"+98912{random.randrange(10**5):05}{random.choice(DIGITS)}", amount=Decimal(10))
            for _ in range(CHARGES // SELLERS)
        ]
        with delivering():
            assert len(sell_charges(claims=claims, orders=orders, is_atomic=False).sold) == CHARGES // SELLERS
    yield port
    operator.stop()


def wait_for(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_SECONDS:.0f} s"
        time.sleep(0.1)


def test_workers_that_are_killed_lose_and_double_nothing(
    port: int, environment: dict[str, str], tmp_path: Path
) -> None:
    workers = [Actor(tmp_path / f"worker{number}.log", environment, "deliver_charges") for number in range(2)]
    try:
        for number, worker in enumerate(workers, 1):
            wait_for(lambda: Attempt.objects.count() >= 15 * number, "attempts")  # noqa: B023  (called at once)
            worker.restart()
        wait_for(lambda: not Delivery.objects.filter(next_step_at__isnull=False).exists(), "the end of every delivery")
    finally:
        for worker in workers:
            worker.stop()

    charges, book = sold(), rows_of(read_book(port))
    assert judge(charges, book) == []
    assert len(charges) == CHARGES
    assert {charge.status for charge in charges} == {"delivered", "failed"}
    assert_ledger_consistent()
    for wrong, forged in _forgeries(book).items():
        assert judge(charges, forged), wrong
    assert judge(charges[1:], book), "a reference without a charge"


def _forgeries(book: list[Any]) -> dict[str, list[Any]]:
    delivered = next(row for row in book if row[4] == "delivered")
    others = [row for row in book if row is not delivered]
    return {
        "a charge that the operator never heard of": others,
        "one that was acted on twice": [*others, (*delivered[:5], 2, *delivered[6:])],
        "one that ended otherwise": [*others, (*delivered[:4], "refused", 0, *delivered[6:])],
        "one of another amount": [*others, (*delivered[:3], "9.00", *delivered[4:])],
    }


def test_the_sandbox_of_make_run_delivers(environment: dict[str, str], tmp_path: Path) -> None:
    sandbox = {**environment, "OPERATOR_SIMULATOR_PORT": str(free_port())}
    log = tmp_path / "sandbox.log"
    worker = Actor(log, sandbox, "deliver_charges", "--end-with", str(os.getpid()))
    try:
        wait_for(lambda: Operator.objects.filter(pk="simulator").exists(), "the operator")
        seller = make_seller(balance="100.00")
        with delivering():
            refused, delivered = (sell(seller, phone_number=f"+989121234{digits}") for digits in ("590", "500"))
        wait_for(lambda: not Delivery.objects.filter(next_step_at__isnull=False).exists(), "the end of both")
    finally:
        worker.stop()
    statuses = {delivery.pk: delivery.status for delivery in Delivery.objects.all()}
    assert statuses == {refused.pk: "failed", delivered.pk: "delivered"}


def test_the_worker_of_make_run_ends_with_it(environment: dict[str, str], tmp_path: Path) -> None:
    worker = Actor(tmp_path / "worker.log", environment, "deliver_charges", "--end-with", "1")  # not its parent
    assert worker.wait(60) == 0
