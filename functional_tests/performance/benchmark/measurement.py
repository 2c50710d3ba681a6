"""Measurement of cases in turn, several times over, so that a slow minute of the machine falls on all of them."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

from functional_tests.performance.benchmark.books import check_books, check_chain, count_entries
from functional_tests.performance.benchmark.cases import Case
from functional_tests.performance.benchmark.processor_time import processor_seconds
from functional_tests.performance.benchmark.sites import visit

WARM_UP_SECONDS = 2
QUIET_SECONDS = 0.2
QUIET_SHARE = 0.1  # of one processor
MAX_SETTLING_SECONDS = 60.0
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one case in one round, or the medians of several; CPU in milliseconds per request."""

    requests_per_second: float
    charges_per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    app_cpu_ms: float
    database_cpu_ms: float
    charges_per_request: float

    @property
    def operations(self) -> float:
        """Number of operations in one request: the charges of a bulk, or 1."""
        return max(1.0, self.charges_per_request)

    @property
    def rate(self) -> float:
        """Operations per second."""
        return self.requests_per_second * self.operations

    @property
    def cost(self) -> float:
        """CPU of application and database per operation, in milliseconds."""
        return (self.app_cpu_ms + self.database_cpu_ms) / self.operations

    @classmethod
    def median_of(cls, rounds: Sequence["Figures"]) -> "Figures":
        """Return the median of each figure."""
        return cls(*(statistics.median(getattr(one, field.name) for one in rounds) for field in fields(cls)))


class Rounds:
    """Measures cases; `postmaster_pid` is the process that all of PostgreSQL descends from."""

    def __init__(self, postmaster_pid: int, say: Say) -> None:
        self._postmaster_pid, self._say = postmaster_pid, say
        self._runs = 0

    def measure(self, cases: Sequence[Case], *, rounds: int, seconds: int) -> dict[str, list[Figures]]:
        """Return the figures of each case, a list of one element per round; raises `UnexpectedAnswer`."""
        figures: dict[str, list[Figures]] = {case.name: [] for case in cases}
        for case in cases:
            self._run(case, min(WARM_UP_SECONDS, seconds))
        for number in range(1, rounds + 1):
            for case in cases:
                found = self._run(case, seconds)
                figures[case.name].append(found)
                self._say(
                    f"round {number}/{rounds}  {case.title:<32} {found.requests_per_second:9,.1f} requests/s"
                    f" {found.charges_per_second:9,.1f} charges/s  CPU {found.cost:8.3f} ms"
                )
        for database in sorted({case.site.database for case in cases}):
            visit(database)
            check_chain()
        return figures

    def _run(self, case: Case, seconds: int) -> Figures:
        self._runs += 1
        visit(case.site.database)
        pids = (case.site.server.pid, self._postmaster_pid)
        entries, times = count_entries(), [processor_seconds(pid) for pid in pids]
        drive = case.drive(seconds=seconds, run=self._runs)
        _settle(pids)
        app, database = (processor_seconds(pid) - before for pid, before in zip(pids, times, strict=True))
        charges = count_entries() - entries
        check_books(case, drive, charges)
        # What was under way at the end was worked on too, so it counts for CPU, but not for speed.
        handled = charges / case.charges_per_request if case.charges_per_request else drive.requests
        return Figures(
            requests_per_second=drive.requests / drive.seconds,
            charges_per_second=drive.requests * case.charges_per_request / drive.seconds,
            p50_ms=drive.p50_ms,
            p95_ms=drive.p95_ms,
            p99_ms=drive.p99_ms,
            app_cpu_ms=1000 * app / handled,
            database_cpu_ms=1000 * database / handled,
            charges_per_request=case.charges_per_request,
        )


def _settle(pids: Sequence[int]) -> None:
    """Wait until the requests are done that were under way when the load generator stopped."""
    deadline = time.monotonic() + MAX_SETTLING_SECONDS
    before = sum(map(processor_seconds, pids))
    while time.monotonic() < deadline:
        time.sleep(QUIET_SECONDS)
        now = sum(map(processor_seconds, pids))
        if now - before < QUIET_SHARE * QUIET_SECONDS:
            return
        before = now
