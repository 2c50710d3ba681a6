"""The load script through nginx with TLS, its verdict, and what clients saw of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from functional_tests.production.compose.setup import Setup
from functional_tests.production.load import run_load


@dataclass(frozen=True)
class Sold:
    """nginx's lines on a run of the load script, and how often its clients repeated a request."""

    requests: list[dict[str, Any]]
    resent: int

    @property
    def errors(self) -> Counter[int]:
        """Count the answers that were errors of ours."""
        return Counter(request["status"] for request in self.requests if request["status"] >= 500)


def p99(requests: list[dict[str, Any]]) -> float:
    """Return the seconds that one request in a hundred exceeded."""
    seconds = sorted(request["seconds"] for request in requests)
    return float(seconds[int(len(seconds) * 0.99)]) if seconds else 0.0


def sell(setup: Setup, name: str, sales: str, during: Callable[[], None] | None = None) -> Sold:
    """Run the load script, check its verdict, and print what clients saw."""
    began = time.time()
    document = run_load(setup, "--sellers", "6", "--num-requests", sales, "--workers", "6", during=during)
    sold = Sold(setup.requests(began), document["sales"]["resent"])
    print(
        f"\n{name}: {document['sales']['acknowledged']} charges acknowledged at {document['throughput_per_second']}/s, "
        f"{len(sold.requests)} requests, p99 {p99(sold.requests):.3f} s; failed: {sum(sold.errors.values())} "
        f"{dict(sold.errors) or ''}, repeated by clients: {sold.resent}; all balances agree"
    )
    assert document["ok"], document["failures"]
    assert document["sales"]["acknowledged"] == int(sales)
    assert not [seller for seller in document["sellers"] if seller["differences"]]
    return sold


def sell_while(setup: Setup, name: str, sales: str, action: Callable[[], None]) -> Sold:
    """Run the load script again and again until `action` has ended; return all runs as one."""
    runs: list[Sold] = []
    with ThreadPoolExecutor(1) as pool:
        acting = pool.submit(action)
        while not acting.done():
            runs.append(sell(setup, name, sales))
        acting.result()
    return Sold([request for sold in runs for request in sold.requests], sum(sold.resent for sold in runs))


def books_agree(setup: Setup) -> None:
    """Let the operator's commands judge."""
    setup.compose("run", "--rm", "release", "python", "manage.py", "reconcile_balances")
    setup.compose("run", "--rm", "release", "python", "manage.py", "verify_ledger")
