"""Growth of the cost with the ledger: one database for each size, measured in turn."""

import secrets
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection

from apps.core.database.embedded.server import EmbeddedPostgres
from apps.core.database.roles import open_database
from apps.core.database.timeouts import long_read
from apps.transactions.reconciliation.reconcile import iterate_reconciliations, reconcile_all
from functional_tests.performance.benchmark.bench import DEEP_PAGE, Effort
from functional_tests.performance.benchmark.cases import HISTORY, Case, CaseBook
from functional_tests.performance.benchmark.criteria import Criterion, cost, ratio
from functional_tests.performance.benchmark.generator import DataPlan
from functional_tests.performance.benchmark.loader import load
from functional_tests.performance.benchmark.measurement import Figures, Rounds, Say
from functional_tests.performance.benchmark.pages import deep_page
from functional_tests.performance.benchmark.plans import FilterPlan, explain_filters
from functional_tests.performance.benchmark.sellers import make_staff, members_of
from functional_tests.performance.benchmark.sites import create_database, open_site
from functional_tests.performance.benchmark.stage import postmaster_pid

SELLERS = 10_000
CHARGING_SELLERS = 10
RECONCILIATIONS = 3
# Reconciliation must read at least this.
BARE_SUMS = "SELECT seller_id, sum(balance_after - balance_before) FROM transactions_ledgerentry GROUP BY seller_id"


@dataclass(frozen=True, slots=True)
class Reading:
    """Seconds (medians): bare sums of the ledger, every seller's reconciliation, and all that with chain and hashes."""

    bare: float
    balances: float
    everything: float


@dataclass(frozen=True, slots=True)
class Growth:
    """Measurements at each size (in entries)."""

    sizes: Sequence[int]
    rounds: dict[str, list[Figures]]
    pages: dict[int, int]
    readings: dict[int, Reading]
    plans: dict[int, list[FilterPlan]]

    def criteria(self) -> list[Criterion]:
        """Return the targets, at the largest size."""
        least, most = min(self.sizes), max(self.sizes)
        names = {size: (f"charges_{size}", f"first_{size}", f"deep_{size}") for size in self.sizes}
        reading, more = self.readings[most], f"at {most:,} entries"
        growth = ratio(self.rounds, names[most][0], names[least][0], cost)
        deep = ratio(self.rounds, names[most][2], names[most][1], cost)
        return [
            Criterion(f"CPU per charge {more} / at {least:,}", growth, 1.1, at_most=True),
            Criterion(f"CPU: history page {self.pages[most]:,} / page 1, {more}", deep, 1.2, at_most=True),
            Criterion(
                f"time of reconciliation / of bare sums, {more}", reading.balances / reading.bare, 1.5, at_most=True
            ),
        ]


def run_growth(postgres: EmbeddedPostgres, sizes: Sequence[int], effort: Effort, say: Say) -> Growth:
    """Measure charges, history, reconciliation and plans at each size; raises `LoadError`."""
    run_id = secrets.token_hex(4)
    folder = postgres.home.path / f"growth-{run_id}"
    folder.mkdir()
    growth = Growth(sizes, {}, {}, {}, {})
    with ExitStack() as sites:
        cases: list[Case] = []
        for size in sizes:
            say(f"making {size:,} entries")
            database = f"growth_{run_id}_{size}"
            create_database(postgres, database)
            popular = _fill(postgres, database, size)
            book = CaseBook(sites.enter_context(open_site(postgres, folder, database)), folder, run_id)
            cases += _cases(book, size, popular, growth)
            growth.readings[size] = _read_all()
            growth.plans[size] = explain_filters(popular[0])
        rounds = Rounds(postmaster_pid(postgres), say)
        growth.rounds.update(rounds.measure(cases, rounds=effort.rounds, seconds=effort.seconds))
    return growth


def _fill(postgres: EmbeddedPostgres, database: str, entries: int) -> list[UUID]:
    """Load made-up data and return the sellers who sell most."""
    plan = DataPlan(SELLERS, entries, until=datetime.now(UTC) - timedelta(minutes=1))
    with open_database(postgres.connection("superuser", database)) as superuser:
        return [account.seller_id for account in load(superuser, plan)[:CHARGING_SELLERS]]


def _cases(book: CaseBook, size: int, popular: Sequence[UUID], growth: Growth) -> Iterator[Case]:
    members = members_of(popular, make_staff())
    reader = [member for member in members if member.seller_id == popular[0]]
    path, growth.pages[size] = deep_page(HISTORY, popular[0], DEEP_PAGE)
    yield book.charges(f"charges_{size}", f"charges at {size:,}", members)
    yield book.reads(f"first_{size}", f"page 1 at {size:,}", reader, HISTORY)
    yield book.reads(f"deep_{size}", f"page {growth.pages[size]:,} at {size:,}", reader, path)


def _read_all() -> Reading:
    """Time the readings in turn, several times over."""
    ways: dict[str, Callable[[], object]] = {
        "bare": _bare_sums,
        "balances": lambda: sum(1 for _ in iterate_reconciliations()),
        "everything": reconcile_all,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(RECONCILIATIONS):
        for name, read in ways.items():
            began = time.perf_counter()
            read()
            seconds[name].append(time.perf_counter() - began)
    return Reading(**{name: statistics.median(times) for name, times in seconds.items()})


def _bare_sums() -> None:
    with long_read(), connection.cursor() as cursor:
        cursor.execute(BARE_SUMS)
        cursor.fetchall()
