"""Measures cases in turn, several times over, so that a slow minute of the machine does not fall on one of them."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

from functional_tests.performance.benchmark.books import check_books, count_entries
from functional_tests.performance.benchmark.cases import Case
from functional_tests.performance.benchmark.processor_time import processor_seconds

WARM_UP_SECONDS = 2
QUIET_SECONDS = 0.2
QUIET_SHARE = 0.1  # of one processor
MAX_SETTLING_SECONDS = 60.0
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one case showed in one round, or the medians of several; CPU in milliseconds per request."""

    requests_per_second: float
    charges_per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    app_cpu_ms: float
    database_cpu_ms: float
    cpu_per_charge_ms: float  # 0 where nothing is charged

    @property
    def cpu_ms(self) -> float:
        """CPU of application and database per request."""
        return self.app_cpu_ms + self.database_cpu_ms

    @classmethod
    def median_of(cls, rounds: Sequence["Figures"]) -> "Figures":
        """Return the median of each figure."""
        return cls(*(statistics.median(getattr(one, field.name) for one in rounds) for field in fields(cls)))


class Rounds:
    """Measures cases of one server, given as the root processes of the application and of PostgreSQL."""

    def __init__(self, app_pid: int, postmaster_pid: int, say: Say) -> None:
        self._pids = (app_pid, postmaster_pid)
        self._say = say
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
                    f"round {number}/{rounds}  {case.title:<28} {found.requests_per_second:9,.1f} requests/s"
                    f" {found.charges_per_second:9,.1f} charges/s  CPU {found.cpu_ms:8.3f} ms"
                )
        return figures

    def _run(self, case: Case, seconds: int) -> Figures:
        self._runs += 1
        entries, times = count_entries(), self._processor_times()
        drive = case.drive(seconds=seconds, run=self._runs)
        self._settle()
        app, database = (now - before for now, before in zip(self._processor_times(), times, strict=True))
        charges = count_entries() - entries
        check_books(case, drive, charges)
        return Figures(
            requests_per_second=drive.requests / drive.seconds,
            charges_per_second=charges / drive.seconds,
            p50_ms=drive.p50_ms,
            p95_ms=drive.p95_ms,
            p99_ms=drive.p99_ms,
            app_cpu_ms=1000 * app / drive.requests,
            database_cpu_ms=1000 * database / drive.requests,
            cpu_per_charge_ms=1000 * (app + database) / charges if charges else 0.0,
        )

    def _processor_times(self) -> tuple[float, ...]:
        return tuple(map(processor_seconds, self._pids))

    def _settle(self) -> None:
        """Wait until the requests are done that were under way when the load generator stopped."""
        deadline = time.monotonic() + MAX_SETTLING_SECONDS
        before = sum(self._processor_times())
        while time.monotonic() < deadline:
            time.sleep(QUIET_SECONDS)
            now = sum(self._processor_times())
            if now - before < QUIET_SHARE * QUIET_SECONDS:
                return
            before = now
