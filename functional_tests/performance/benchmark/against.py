"""Comparison of this tree with an earlier commit: the benchmark of each, in turns, on databases of their own.

Each tree drives itself, so a changed API or benchmark compares all the same. Both use this environment's packages.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from functional_tests.performance.errors import CannotStart, UnexpectedAnswer
from functional_tests.performance.settings import REPOSITORY_ROOT
from functional_tests.performance.tables import Table

Medians = Mapping[str, Mapping[str, float]]
HEADER = ("case", "rate before", "rate now", "rate: now / before", "CPU before, ms", "CPU now, ms", "CPU: now / before")


def compare(options: argparse.Namespace) -> Table:
    """Measure `options.against` and this tree in turns; raises `CannotStart`, `UnexpectedAnswer`.

    Rate and CPU (application and PostgreSQL) are per charge, or per request of a case that sells none; the ratios are
    medians of the ratios within each round.
    """
    rounds: list[tuple[Medians, Medians]] = []
    with _checked_out(options.against) as earlier:
        for number in range(1, options.rounds + 1):
            print(f"round {number}/{options.rounds}", flush=True)
            rounds.append((_measure(earlier, options), _measure(REPOSITORY_ROOT, options)))
    titles = {name: "" for before, now in rounds for name in now if name in before}
    return Table(f"Against {options.against}", HEADER, [_row(name, rounds) for name in titles])


@contextmanager
def _checked_out(revision: str) -> Iterator[Path]:
    """Yield a folder with the files of a commit."""
    with tempfile.TemporaryDirectory(prefix="sharj-against-") as folder:
        archive = subprocess.run(
            ["git", "-C", REPOSITORY_ROOT, "archive", revision], capture_output=True, check=False
        )  # fmt: skip
        if archive.returncode:
            raise CannotStart(f"git has no files of {revision}: {archive.stderr.decode().strip()}")
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        yield Path(folder)


def _measure(tree: Path, options: argparse.Namespace) -> Medians:
    """Run one round of the tree's own benchmark, and return the figures of each case."""
    with tempfile.TemporaryDirectory(prefix="sharj-report-") as report:
        command = [sys.executable, "-m", "functional_tests.performance.benchmark", "--rounds", "1", "--report", report]
        command += ["--seconds", str(options.seconds), "--cases", options.cases]
        run = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
        if run.returncode:
            raise UnexpectedAnswer(f"the benchmark of {tree} failed: {(run.stderr or run.stdout).strip()[-2000:]}")
        cases: dict[str, Any] = json.loads(Path(report, "benchmark.json").read_text())["cases"]
    return {name: _figures(case["median"]) for name, case in cases.items()}


def _figures(median: Mapping[str, float]) -> dict[str, float]:
    operations = max(1.0, median["charges_per_request"])
    return {
        "rate": median["requests_per_second"] * operations,
        "cpu": (median["app_cpu_ms"] + median["database_cpu_ms"]) / operations,
    }


def _row(name: str, rounds: Sequence[tuple[Medians, Medians]]) -> tuple[str, ...]:
    def median(figure: str, side: int) -> float:
        return statistics.median(pair[side][name][figure] for pair in rounds)

    def ratio(figure: str) -> float:
        return statistics.median(now[name][figure] / before[name][figure] for before, now in rounds)

    return (
        name,
        *(f"{median('rate', side):,.0f}" for side in (0, 1)),
        f"{ratio('rate'):.2f}",
        *(f"{median('cpu', side):.3f}" for side in (0, 1)),
        f"{ratio('cpu'):.2f}",
    )
