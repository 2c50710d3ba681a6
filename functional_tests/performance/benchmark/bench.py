"""One run of the benchmark, from the sellers to the verdict."""

import argparse
import secrets

from apps.core.embedded_postgres import EmbeddedPostgres
from functional_tests.performance.benchmark.cases import BALANCE, HISTORY, Case, CaseBook, Cast, pgbench_cases
from functional_tests.performance.benchmark.gunicorn_server import Server, serve
from functional_tests.performance.benchmark.measurement import Figures, Rounds
from functional_tests.performance.benchmark.sellers import make_members, make_staff
from functional_tests.performance.benchmark.stage import postmaster_pid

MANY, MANY_QUICK = 1_000, 100


class Bench:
    """Makes sellers, starts the server, measures and prints."""

    def __init__(self, postgres: EmbeddedPostgres, options: argparse.Namespace) -> None:
        self._postgres, self._options = postgres, options
        self._run_id = secrets.token_hex(4)
        self._folder = postgres.home.path / f"bench-{self._run_id}"
        self._folder.mkdir()

    def run(self) -> None:
        """Measure every case; raises `LoadError`."""
        options = self._options
        say("making sellers")
        cast = self._make_cast()
        with serve(self._folder / "gunicorn.log") as server:
            cases = [case for case in self._cases(server, cast) if self._is_wanted(case)]
            rounds = Rounds(server.pid, postmaster_pid(self._postgres), say)
            figures = rounds.measure(cases, rounds=options.rounds, seconds=options.seconds)
        for name, found in figures.items():
            print(name, Figures.median_of(found))

    def _is_wanted(self, case: Case) -> bool:
        words = self._options.cases.split(",")
        return any(word in case.name for word in words)

    def _make_cast(self) -> Cast:
        staff = make_staff()
        many = MANY_QUICK if self._options.quick else MANY
        return Cast(
            ten=make_members(10, staff),
            thousand=make_members(many, staff),
            hot=make_members(1, staff)[0],
            replayed=make_members(1, staff)[0],
            pgbench=make_members(10, staff),
            pgbench_hot=make_members(1, staff)[0],
        )

    def _cases(self, server: Server, cast: Cast) -> list[Case]:
        book = CaseBook(server.base_url, self._folder, self._run_id)
        return [
            book.ceiling(cast.ten),
            *pgbench_cases(self._postgres, self._folder, cast),
            book.charges("ten_sellers", "charges, 10 sellers", cast.ten),
            book.zipf(cast.thousand),
            book.charges("hot_seller", "charges, one hot seller", [cast.hot]),
            book.replays(cast.replayed),
            book.mixed(cast.ten),
            book.reads("balance", "balance read", cast.ten, BALANCE),
            book.reads("history", "history, first page", cast.ten, HISTORY),
        ]


def say(text: str) -> None:
    """Tell what is going on."""
    print(text, flush=True)
