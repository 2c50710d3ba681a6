"""`make delivery-test`: the oracle of deliveries in long; exits with 1 if the operator's book and ours disagree.

Charges are sold over HTTP while a worker is killed every three seconds, the operator twice and PostgreSQL twice. At the
end every reference was acted on at most once, every delivered charge is paid and every refused one given back once.
"""

import argparse
import logging
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import httpx
from django.db import connections

from apps.core.database.embedded.server import EmbeddedPostgres
from functional_tests.deliveries.actors import SECRET, Actor, Killer, read_book, simulator, wait_for_book
from functional_tests.deliveries.verdict import judge, rows_of, sold
from functional_tests.ledger_complaints import ledger_complaints
from functional_tests.performance.benchmark.gunicorn_server import serve
from functional_tests.performance.benchmark.stage import open_stage
from functional_tests.server import HOST, free_port

BATCH = 50
BAD_SHARE = 0.2
BAD = tuple(str(digits) for digits in range(90, 100))
LOST = frozenset({"92", "93", "94", "97", "98"})  # whose first answer is lost or makes no sense
SETTLE_SECONDS = 1_200.0
READ_TIMEOUT_SECONDS = 4.0
HURRY = {
    "DELIVERY": "true", "DELIVERY_LEASE_SECONDS": "10", "DELIVERY_RETRY_SECONDS": "0.5",
    "DELIVERY_RETRY_MOST_SECONDS": "5",
}  # fmt: skip
PATIENT = {"DELIVERY_LEASE_SECONDS": "600", "DELIVERY_RETRY_SECONDS": "600", "DELIVERY_RETRY_MOST_SECONDS": "600"}


def main() -> int:
    """Run the phases and return the exit code."""
    arguments = _parse()
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    print(f"seed {arguments.seed}", flush=True)
    with open_stage() as postgres, tempfile.TemporaryDirectory(prefix="sharj-deliveries-") as scratch:
        logging.getLogger("sharj.security").setLevel(logging.ERROR)
        complaints = _run(arguments, postgres, Path(scratch))
    print("\n".join(complaints[:20]) or "every charge ended once, here as in the operator's book")
    return 1 if complaints else 0


def _run(arguments: argparse.Namespace, postgres: EmbeddedPostgres, folder: Path) -> list[str]:
    from functional_tests.performance.benchmark.sellers import make_members, make_staff

    secret, port, rng = secrets.token_urlsafe(20), free_port(), Random(arguments.seed)
    environment = {**HURRY, SECRET: secret}
    _make_operator(port)
    tokens = [member.token for member in make_members(arguments.sellers, make_staff())]
    with ExitStack() as stack:
        server = stack.enter_context(serve(folder / "gunicorn.log", environment))
        callbacks = f"{server.base_url}/callbacks/operators/sim/"
        operator = simulator(folder, port, callback_url=callbacks, delay_seconds=arguments.delay, secret=secret)
        stack.callback(operator.stop)
        complaints = _lost_answers_are_unknown(folder, server.base_url, {**environment, **PATIENT}, tokens, rng)
        workers = [
            Actor(folder / f"worker{each}.log", environment, "deliver_charges") for each in range(arguments.workers)
        ]
        for worker in workers:
            stack.callback(worker.stop)
        began, killer = time.monotonic(), Killer(workers, every_seconds=3.0)
        accidents = Thread(target=_accidents, args=(operator, port, postgres), daemon=True)
        accidents.start()
        _sell(server.base_url, tokens, arguments.charges // arguments.sellers, rng)
        accidents.join()
        connections.close_all()  # they were cut
        _make_all_due()
        _await_open(at_most=arguments.charges // 10)
        killer.stop()
        _await_open(at_most=0)
        charges, book = sold(), rows_of(read_book(port))
    seconds, kills = time.monotonic() - began, sum(worker.kills for worker in workers)
    print(
        f"{len(charges):,} charges in {seconds:.0f} s; {kills} workers killed, the operator and PostgreSQL twice each"
    )
    return complaints + judge(charges, book) + ledger_complaints()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m functional_tests.deliveries", description=__doc__)
    parser.add_argument("--charges", type=int, default=20_000)
    parser.add_argument("--sellers", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds that the operator takes for each answer")
    parser.add_argument("--seed", default=secrets.token_hex(4))
    return parser.parse_args()


def _make_operator(port: int) -> None:
    from apps.delivery.models import Operator

    seconds = {"read_timeout_seconds": READ_TIMEOUT_SECONDS, "connect_timeout_seconds": 4.0}
    settings = {"base_url": f"http://{HOST}:{port}", **seconds}
    Operator.objects.create(
        code="sim", name="Simulator", carrier_names=["IR-MCI"], min_amount="1.00", max_amount="1000.00",
        settings=settings, secret_variable=SECRET, max_in_flight=16,
    )  # fmt: skip


def _number(rng: Random) -> str:
    digits = rng.choice(BAD) if rng.random() < BAD_SHARE else f"{rng.randrange(90):02}"
    return f"+98912{rng.randrange(10**5):05}{digits}"


def _sell(base_url: str, tokens: Sequence[str], each: int, rng: Random) -> None:
    """Sell in batches, one thread for each seller; a batch without an answer is sent again with its keys."""
    threads = [Thread(target=_sell_as, args=(base_url, token, each, Random(rng.random()))) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _sell_as(base_url: str, token: str, charges: int, rng: Random) -> None:
    with httpx.Client(
        base_url=f"{base_url}/api/v1/", headers={"Authorization": f"Bearer {token}"}, timeout=30
    ) as client:
        for _ in range(0, charges, BATCH):
            items = [
                {"phone_number": _number(rng), "amount": "1.00", "idempotency_key": f"{rng.random()}"}
                for _ in range(BATCH)
            ]
            while not _send(client, items):
                time.sleep(0.5)


def _send(client: Any, items: Sequence[dict[str, str]]) -> bool:
    try:
        answer = client.post("charges/bulk/", json={"charges": items})
    except httpx.HTTPError:
        return False
    if answer.status_code != httpx.codes.OK:
        return False
    return bool(answer.json()["rejected"] == 0)


def _accidents(operator: Actor, port: int, postgres: Any) -> None:
    """Restart the operator and PostgreSQL, twice each."""
    for _ in range(2):
        time.sleep(10)
        operator.restart()
        wait_for_book(port)
        time.sleep(10)
        postgres.stop()
        postgres.start()


def _lost_answers_are_unknown(
    folder: Path, base_url: str, patient: Mapping[str, str], tokens: Sequence[str], rng: Random
) -> list[str]:
    """Before anything is killed: what is unknown until inquiries settle it is exactly what the operator lost."""
    worker = Actor(folder / "patient.log", patient, "deliver_charges")
    _sell(base_url, tokens[:2], 2 * BATCH, rng)
    _await_first_answers()
    worker.stop()
    charges = sold()
    unknown = {charge.reference for charge in charges if charge.status == "unknown"}
    lost = {charge.reference for charge in charges if charge.phone_number[-2:] in LOST}
    late = _answered_too_late() - lost
    print(
        f"{len(charges)} charges first: {len(unknown)} unknown, {len(lost)} answers lost by the operator, "
        f"{len(late)} later than {READ_TIMEOUT_SECONDS:.0f} s",
        flush=True,
    )
    return [] if unknown == lost | late else [f"unknown {len(unknown)}, lost {len(lost)}, late {len(late)}"]


def _answered_too_late() -> set[str]:
    """Return the charges whose one call lasted until its time-out: an answer that comes later is as good as lost."""
    from apps.delivery.models import Attempt

    late = Attempt.objects.filter(
        kind="submit", answered__startswith="ReadTimeout", milliseconds__gte=READ_TIMEOUT_SECONDS * 1_000
    )
    return {str(reference) for reference in late.values_list("delivery_id", flat=True)}


def _await_first_answers() -> None:
    """Wait until every delivery was submitted, and its first call has ended."""
    from django.db import connection

    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM delivery_delivery d WHERE NOT EXISTS "
                "(SELECT FROM delivery_attempt a WHERE a.delivery_id = d.entry_id)"
            )
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.3)


def _make_all_due() -> None:
    """Let the inquiries that the first phase put off come at once."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE delivery_delivery SET next_step_at = now() WHERE next_step_at > now() + interval '1 minute'"
        )


def _await_open(*, at_most: int) -> None:
    """Wait until so few deliveries are open."""
    from apps.delivery.models import Delivery

    deadline = time.monotonic() + SETTLE_SECONDS
    open_ones = Delivery.objects.filter(next_step_at__isnull=False)
    while (left := open_ones.count()) > at_most and time.monotonic() < deadline:
        print(f"  {left:,} deliveries are open", flush=True)
        time.sleep(5)


if __name__ == "__main__":
    sys.exit(main())
