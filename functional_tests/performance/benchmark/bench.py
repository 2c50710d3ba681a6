"""The cases of a run: their sellers, their order, and what came of them."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apps.core.database_roles import open_database
from apps.core.embedded_postgres import DATABASE, EmbeddedPostgres
from functional_tests.performance.benchmark.books import hot_update_share
from functional_tests.performance.benchmark.cases import BALANCE, HISTORY, Case, CaseBook, pgbench_case
from functional_tests.performance.benchmark.generator import DataPlan
from functional_tests.performance.benchmark.loader import load
from functional_tests.performance.benchmark.measurement import Figures, Rounds, Say
from functional_tests.performance.benchmark.pages import deep_page
from functional_tests.performance.benchmark.sellers import make_members, make_staff, members_of
from functional_tests.performance.benchmark.sites import Site, open_site, visit
from functional_tests.performance.benchmark.stage import postmaster_pid

DEEP_PAGE = 2_000
DEEP_ENTRIES = 100_100  # enough for that page


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured. `words`: only cases whose names contain one of them."""

    rounds: int
    seconds: int
    many_sellers: int = 1_000
    words: tuple[str, ...] = ("",)

    def picks(self, case: Case) -> bool:
        """Tell whether a case is to be measured."""
        return any(word in case.name for word in self.words)


@dataclass(frozen=True, slots=True)
class CaseResults:
    """What the cases showed: titles and figures of every round, by name, and how the wallets were updated."""

    titles: Mapping[str, str]
    rounds: Mapping[str, Sequence[Figures]]
    hot_update_share: float


def run_cases(postgres: EmbeddedPostgres, effort: Effort, say: Say) -> CaseResults:
    """Measure every case that is wanted; raises `LoadError`."""
    run_id = secrets.token_hex(4)
    folder = postgres.home.path / f"bench-{run_id}"
    folder.mkdir()
    visit(DATABASE)
    with open_site(postgres, folder) as site:
        say("making sellers")
        cases = [case for case in _cases(site, postgres, folder, run_id, effort.many_sellers) if effort.picks(case)]
        rounds = Rounds(postmaster_pid(postgres), say)
        figures = rounds.measure(cases, rounds=effort.rounds, seconds=effort.seconds)
    # The server has ended, and with it its sessions: all their counts are in.
    return CaseResults({case.name: case.title for case in cases}, figures, hot_update_share())


def _cases(site: Site, postgres: EmbeddedPostgres, folder: Path, run_id: str, many_sellers: int) -> list[Case]:
    """Return every case. Each has sellers of its own, so that none finds what another has left."""
    staff, book = make_staff(), CaseBook(site, folder, run_id)
    ten, bulk, mixed, many = (make_members(count, staff) for count in (10, 10, 10, many_sellers))
    hot, replayed, spread_in_sql, hot_in_sql = (make_members(count, staff) for count in (1, 1, 10, 1))
    with open_database(postgres.connection("superuser")) as superuser:
        [deep] = load(superuser, DataPlan(1, DEEP_ENTRIES, until=datetime.now(UTC) - timedelta(minutes=1)))
    reader = members_of([deep.seller_id], staff)
    deep_path, deep_number = deep_page(HISTORY, deep.seller_id, DEEP_PAGE)
    return [
        book.ceiling(ten),
        pgbench_case("pgbench", "pgbench, 10 sellers", site, postgres, folder, spread_in_sql),
        pgbench_case("pgbench_hot", "pgbench, one hot seller", site, postgres, folder, hot_in_sql),
        book.charges("ten_sellers", "charges, 10 sellers", ten),
        book.zipf(many),
        book.charges("hot_seller", "charges, one hot seller", hot),
        book.replays(replayed[0]),
        book.mixed(mixed),
        book.bulk(bulk, 100),
        book.bulk(bulk, 1_000),
        book.reads("balance", "balance", reader, BALANCE),
        book.reads("history_first", "history, page 1", reader, HISTORY),
        book.reads("history_deep", f"history, page {deep_number:,}", reader, deep_path),
    ]
