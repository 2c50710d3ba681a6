"""Outcome of a run, as a JSON document and as tables."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from functional_tests.performance.benchmark.bench import CaseResults, Effort
from functional_tests.performance.benchmark.criteria import Criterion, cost, judge, rate, ratio
from functional_tests.performance.benchmark.growth import Growth
from functional_tests.performance.benchmark.measurement import Figures
from functional_tests.performance.tables import Table

CEILING, PGBENCH, PGBENCH_HOT = "ceiling", "pgbench", "pgbench_hot"
HOT_CASES = ("hot_seller", PGBENCH_HOT)
READINGS = {
    "bare sums, s": "bare",
    "reconciliation of every seller, s": "balances",
    "with trial balance, chain and hashes, s": "everything",
}
RATIOS = ("cpu_to_ceiling", "rate_to_ceiling", "rate_to_pgbench")
CASE_HEADER = (
    *("case", "requests/s", "charges/s", "p50 ms", "p95 ms", "p99 ms", "CPU app ms", "CPU db ms"),
    *("CPU / ceiling", "rate / ceiling", "rate / pgbench"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a run; `growth` only if it was asked for."""

    machine: dict[str, str]
    effort: Effort
    cases: CaseResults
    growth: Growth | None

    @property
    def criteria(self) -> list[Criterion]:
        """All targets, with the figures of this run."""
        growth = self.growth.criteria() if self.growth else []
        return judge(self.cases.rounds, self.cases.hot_update_share) + growth

    @property
    def medians(self) -> dict[str, Figures]:
        """The median of each figure, by case."""
        return {name: Figures.median_of(rounds) for name, rounds in self.cases.rounds.items()}


def as_document(outcome: Outcome) -> dict[str, Any]:
    """Return the outcome for machines."""
    return {
        "machine": outcome.machine,
        "effort": asdict(outcome.effort),
        "criteria": [{**asdict(one), "verdict": one.verdict} for one in outcome.criteria],
        "cases": {
            name: {
                "title": outcome.cases.titles[name],
                "median": asdict(median),
                "rounds": [asdict(figures) for figures in outcome.cases.rounds[name]],
                "ratios": _ratios(outcome, name),
            }
            for name, median in outcome.medians.items()
        },
        "growth": asdict(outcome.growth) if outcome.growth else None,
    }


def tables(outcome: Outcome) -> list[Table]:
    """Return the tables for people, the verdict first."""
    found = [_criteria_table(outcome.criteria)]
    if outcome.cases.rounds:
        found.append(_case_table(outcome))
    if outcome.growth:
        found += [_growth_table(outcome.growth), _plan_table(outcome.growth)]
    return [*found, Table("Machine", ("what", "is"), list(outcome.machine.items()), left=2)]


def _ratios(outcome: Outcome, name: str) -> dict[str, float]:
    """Return the case's CPU and rate against the ceiling and against pgbench's of the same work."""
    rounds = outcome.cases.rounds
    pgbench = PGBENCH_HOT if name in HOT_CASES else PGBENCH
    found: dict[str, float] = {}
    if CEILING in rounds:
        found |= {"cpu_to_ceiling": ratio(rounds, name, CEILING, cost)}
        found |= {"rate_to_ceiling": ratio(rounds, name, CEILING, rate)}
    if pgbench in rounds and outcome.medians[name].charges_per_request:
        found |= {"rate_to_pgbench": ratio(rounds, name, pgbench, rate)}
    return found


def _criteria_table(criteria: Sequence[Criterion]) -> Table:
    header = ("figure", "target", "stretch", "measured", "verdict")
    rows = []
    for one in criteria:
        sign = "≤" if one.at_most else "≥"
        stretch = "" if one.stretch is None else f"{sign} {one.stretch:g} {one.unit}"
        target = f"{sign} {one.target:g} {one.unit}"
        rows.append((one.text, target, stretch, f"{one.value:.2f} {one.unit}", one.verdict))
    return Table("Targets", header, rows)


def _case_table(outcome: Outcome) -> Table:
    rows = []
    for name, median in outcome.medians.items():
        ratios = _ratios(outcome, name)
        rows.append((
            outcome.cases.titles[name],
            f"{median.requests_per_second:,.1f}",
            f"{median.charges_per_second:,.0f}" if median.charges_per_request else "",
            *(f"{value:,.1f}" for value in (median.p50_ms, median.p95_ms, median.p99_ms)),
            *(f"{value:,.2f}" for value in (median.app_cpu_ms, median.database_cpu_ms)),
            *(f"{ratios[key]:.2f}" if key in ratios else "" for key in RATIOS),
        ))  # fmt: skip
    return Table("Cases", CASE_HEADER, rows)


def _growth_table(growth: Growth) -> Table:
    sizes = sorted(growth.sizes)
    measured = {"CPU per charge, ms": "charges", "history, page 1: CPU, ms": "first", "history, deep: CPU, ms": "deep"}
    rows = [
        (text, *(f"{Figures.median_of(growth.rounds[f'{case}_{size}']).cost:.2f}" for size in sizes))
        for text, case in measured.items()
    ]
    rows.append(("the deep page is number", *(f"{growth.pages[size]:,}" for size in sizes)))
    for text, way in READINGS.items():
        rows.append((text, *(f"{getattr(growth.readings[size], way):.3f}" for size in sizes)))
    return Table("Growth", ("entries", *(f"{size:,}" for size in sizes)), rows)


def _plan_table(growth: Growth) -> Table:
    header = ("filters", "scans", "entries", "ms", "rows read in vain")
    rows = [
        (plan.filters, plan.scans, f"{size:,}", f"{plan.milliseconds:,.2f}", f"{plan.rows_in_vain:,}")
        for size in sorted(growth.plans)[-1:]
        for plan in growth.plans[size]
    ]
    return Table("How the list of transactions is filtered", header, rows, left=2)
