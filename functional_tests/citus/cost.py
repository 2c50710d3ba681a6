"""CPU of PostgreSQL for a charge, on one server and on a coordinator with workers: `python -m … PG_CONFIG WORKERS`.

All nodes share one machine, so CPU is compared and not rates. One thread sells for ten sellers, so no charge waits for
another; what servers do without charges is measured before and taken off.
"""

import sys
import time
from decimal import Decimal
from statistics import median

from functional_tests.citus.cluster import Node
from functional_tests.citus.installation import Installation
from functional_tests.citus.stage import Stage, open_stage
from functional_tests.performance.benchmark.processor_time import processor_seconds

SELLERS, CHARGES, ROUNDS, IDLE_SECONDS = 10, 300, 6, 8.0


def main() -> None:
    """Measure one cluster and print a line."""
    pg_config, workers = sys.argv[1], int(sys.argv[2])
    with open_stage(Installation.of(pg_config), workers=workers) as stage:
        coordinator, nodes = measure(stage)
    total = coordinator + nodes
    print(f"workers {workers}: {total:.2f} ms a charge, {coordinator:.2f} of the coordinator, {nodes:.2f} of workers")


def measure(stage: Stage) -> tuple[float, float]:
    """Return milliseconds of CPU a charge: of the coordinator, and of all workers together."""
    from apps.accounts.sessions.tokens import read_access
    from apps.testing.api import PHONE
    from apps.transactions.charges.services import sell_charge
    from functional_tests.performance.benchmark.sellers import make_members, make_staff

    callers = [read_access(member.token.encode()) for member in make_members(SELLERS, make_staff())]
    first, others = stage.cluster.coordinator, stage.cluster.nodes[1:]
    idle = _spent([first], others)
    time.sleep(IDLE_SECONDS)
    idle_rates = [(now - before) / IDLE_SECONDS for before, now in zip(idle, _spent([first], others), strict=True)]
    rounds = list[tuple[float, float]]()
    for _ in range(ROUNDS):
        before, began = _spent([first], others), time.monotonic()
        for number in range(CHARGES):
            sell_charge(claims=callers[number % SELLERS], phone_number=PHONE, amount=Decimal("1.00"))
        took = time.monotonic() - began
        after = _spent([first], others)
        costs = [
            (now - then - rate * took) / CHARGES * 1_000
            for then, now, rate in zip(before, after, idle_rates, strict=True)
        ]
        rounds.append((costs[0], costs[1]))
    return median(one for one, _ in rounds[1:]), median(other for _, other in rounds[1:])


def _spent(*groups: list[Node]) -> list[float]:
    return [sum(processor_seconds(_postmaster(node)) for node in group) for group in groups]


def _postmaster(node: Node) -> int:
    return int((node.home / "data/postmaster.pid").read_text().split("\n")[0])


if __name__ == "__main__":
    main()
