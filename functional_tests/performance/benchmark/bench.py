"""The cases of a run: their sellers, their order and their results."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial

from apps.core.database.embedded.server import DATABASE, EmbeddedPostgres
from apps.core.database.roles import open_database
from functional_tests.performance.benchmark.books import hot_update_share
from functional_tests.performance.benchmark.cases import BALANCE, HISTORY, Case, CaseBook, pgbench_case
from functional_tests.performance.benchmark.generator import DataPlan
from functional_tests.performance.benchmark.loader import load
from functional_tests.performance.benchmark.measurement import Figures, Rounds, Say
from functional_tests.performance.benchmark.sellers import Member, make_members, make_staff, members_of
from functional_tests.performance.benchmark.sites import Site, open_site, visit
from functional_tests.performance.benchmark.stage import postmaster_pid

DEEP_PAGE = 2_000
DEEP_ENTRIES = 100_100  # enough for that page


@dataclass(frozen=True, slots=True)
class Effort:
    """Extent of a run. `words`: only cases whose names contain one of them."""

    rounds: int
    seconds: int
    many_sellers: int = 1_000
    words: tuple[str, ...] = ("",)

    def picks(self, name: str) -> bool:
        """Tell whether the case of this name is to be measured."""
        return any(word in name for word in self.words)


@dataclass(frozen=True, slots=True)
class CaseResults:
    """Results of the cases: titles and figures of every round, by name, and the share of HOT updates of wallets."""

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
        makers = _case_makers(site, postgres, CaseBook(site, folder, run_id), effort.many_sellers)
        cases = [make() for name, make in makers.items() if effort.picks(name)]
        rounds = Rounds(postmaster_pid(postgres), say)
        figures = rounds.measure(cases, rounds=effort.rounds, seconds=effort.seconds)
    # The server has ended, and with it its sessions: all their counts are in.
    return CaseResults({case.name: case.title for case in cases}, figures, hot_update_share())


def _case_makers(
    site: Site, postgres: EmbeddedPostgres, book: CaseBook, many_sellers: int
) -> dict[str, Callable[[], Case]]:
    """Return a maker for each case, by name. Each case has its own sellers, so that none meets the entries of another.

    Cases that are compared stand beside each other, so that they are measured within the same seconds.
    """
    sellers = partial(make_members, approver=make_staff())
    reader = cache(partial(_make_reader, postgres))
    in_sql = partial(pgbench_case, site=site, postgres=postgres, folder=book.folder)
    return {
        "ceiling": lambda: book.ceiling(sellers(10)),
        "pgbench": lambda: in_sql("pgbench", "pgbench, 10 sellers", members=sellers(10)),
        "pgbench_hot": lambda: in_sql("pgbench_hot", "pgbench, one hot seller", members=sellers(1)),
        "ten_sellers": lambda: book.charges("ten_sellers", "charges, 10 sellers", sellers(10)),
        "hot_seller": lambda: book.charges("hot_seller", "charges, one hot seller", sellers(1)),
        "replays": lambda: book.replays(sellers(1)[0]),
        "zipf": lambda: book.zipf(sellers(many_sellers)),
        "mixed": lambda: book.mixed(sellers(10)),
        "bulk_100": lambda: book.bulk(sellers(10), 100),
        "bulk_1000": lambda: book.bulk(sellers(10), 1_000),
        "balance": lambda: book.reads("balance", "balance", reader(), BALANCE),
        "history_first": lambda: book.reads("history_first", "history, page 1", reader(), HISTORY),
        "history_deep": lambda: book.deep_read("history_deep", "history", reader(), DEEP_PAGE),
    }


def _make_reader(postgres: EmbeddedPostgres) -> list[Member]:
    """Make a seller with a long history."""
    plan = DataPlan(1, DEEP_ENTRIES, until=datetime.now(UTC) - timedelta(minutes=1))
    with open_database(postgres.connection("superuser")) as superuser:
        [account] = load(superuser, plan)
    return members_of([account.seller_id], make_staff())
