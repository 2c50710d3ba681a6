"""Faults of the worker, of receivers and of PostgreSQL. Each returns what it found wrong, and prints its figures."""

import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from apps.core.database.embedded.server import EmbeddedPostgres
from apps.testing.receivers import (
    NO_CONTENT,
    Behaviour,
    Received,
    Receiver,
    answering,
    dripping,
    endless,
    running_receiver,
    slow,
)
from apps.testing.webhooks import verified
from functional_tests.webhooks.dying_worker import STEPS
from functional_tests.webhooks.scene import Shop, await_true, open_shop, working

Complaints = list[str]


@dataclass
class Place:
    """What every fault needs: the log of workers, PostgreSQL, and how often something is killed."""

    log: Path
    postgres: EmbeddedPostgres
    times: int


@contextmanager
def shop_with_receiver(behave: Behaviour = NO_CONTENT) -> Iterator[tuple[Shop, Receiver]]:
    """Open a shop that is sent to a receiver of its own."""
    with running_receiver(behave) as receiver:
        yield open_shop(receiver), receiver


def worker_killed(place: Place) -> Complaints:
    """Kill a worker at each step of a delivery, `times` times each; another one finishes its work.

    Each has a seller of its own, because what a killed worker held is held until it counts as dead.
    """
    killed: Counter[str] = Counter()
    with running_receiver(slow(0.2)) as receiver:
        shops = [open_shop(receiver, f"/{number}") for number in range(len(STEPS) * place.times)]
        for number, shop in enumerate(shops):
            step = STEPS[number % len(STEPS)]
            shop.happen()
            with working(place.log, ("-m", "functional_tests.webhooks.dying_worker", step)) as worker:
                try:
                    killed[step] += worker.wait(60) < 0
                except subprocess.TimeoutExpired:
                    continue
        with working(place.log):
            complaints = _verdict("worker killed", shops, receiver)
    print(f"killed: {dict(killed)}", flush=True)
    return complaints + [f"no worker died {step}" for step in STEPS if killed[step] < place.times]


def receivers_misbehave(place: Place) -> Complaints:
    """Let receivers answer 500, late, without an end, by a redirect or not at all; then they recover."""
    bad: dict[str, Behaviour] = {
        "500": answering(500), "slow": slow(12), "endless header": dripping(head=True),
        "redirect": answering(307, Location="https://169.254.169.254/"), "hangs up": _hang_up,
    }  # fmt: skip
    complaints: Complaints = []
    for name, behave in bad.items():
        with shop_with_receiver(behave) as (shop, receiver), working(place.log):
            shop.happen(3)
            await_true(lambda: len(receiver.received) >= 3)
            failed = len(receiver.received)
            receiver.behave = answering(204)
            complaints += _verdict(f"receiver: {name} ({failed} times)", [shop], receiver)
    with shop_with_receiver(endless) as (shop, receiver), working(place.log):
        shop.happen(3)
        complaints += _verdict("receiver: endless body", [shop], receiver)
    return complaints


def _hang_up(handler: object) -> None:
    raise ConnectionAbortedError


def database_restarted(place: Place) -> Complaints:
    """Stop PostgreSQL at once, as a crash does, while a worker sends; start it again."""
    from django.db import connections

    with shop_with_receiver(slow(0.05)) as (shop, receiver), working(place.log):
        for _ in range(place.times):
            shop.happen(5)
            time.sleep(0.1)
            connections.close_all()
            place.postgres.stop()
            place.postgres.start()
        return _verdict("PostgreSQL restarted", [shop], receiver)


def slow_neighbour(place: Place) -> Complaints:
    """Give one seller fifty events for a receiver that takes ten seconds; another seller's is sent meanwhile."""
    with shop_with_receiver(slow(10)) as (slow_shop, slow_receiver), shop_with_receiver() as (shop, receiver):
        slow_shop.happen(50)
        shop.happen()
        began = time.monotonic()
        with working(place.log):
            arrived = await_true(lambda: len(receiver.received) > 0)
            waiting = 50 - len(slow_receiver.received)
            print(f"slow neighbour: arrived {time.monotonic() - began:.1f} s after the worker began,", end=" ")
            print(f"with {waiting} of 50 still waiting for the slow one", flush=True)
    return [] if arrived and waiting >= 40 else [f"it waited for its neighbour: {waiting} of 50 were left"]


FAULTS: tuple[Callable[[Place], Complaints], ...] = (
    worker_killed, receivers_misbehave, database_restarted, slow_neighbour,
)  # fmt: skip


def _verdict(name: str, shops: Sequence[Shop], receiver: Receiver) -> Complaints:
    """Wait until all events arrived and are written down; tell what is missing, or should not have come."""
    from apps.notifications.models import WebhookDelivery

    began, by_path = time.monotonic(), {shop.path: shop for shop in shops}
    mine = WebhookDelivery.objects.filter(endpoint__seller_id__in=[shop.seller_id for shop in shops])
    done = await_true(lambda: not mine.exclude(status="delivered").exists())
    came = Counter(verified_id(request, by_path[request.path]) for request in receiver.received)
    committed = {event for shop in shops for event in shop.committed}
    rolled_back = {event for shop in shops for event in shop.rolled_back}
    missing, extra = committed - came.keys(), came.keys() - committed
    print(
        f"{name}: {len(committed)} events, {came.total()} requests, {len(missing)} missing, "
        f"{len(rolled_back & came.keys())} of {len(rolled_back)} rolled back sent; "
        f"all written down after {time.monotonic() - began:.1f} s",
        flush=True,
    )
    faults = {"not all written down": not done, "missing": bool(missing), "not committed": bool(extra)}
    return [f"{name}: {fault}" for fault, is_so in faults.items() if is_so]


def verified_id(request: Received, shop: Shop) -> str:
    """Return the id of a request whose signature is right."""
    return str(verified(request, shop.secret)["id"])
