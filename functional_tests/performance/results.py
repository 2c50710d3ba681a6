"""The outcome of a run: its figures, as a JSON document and as text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from functional_tests.performance.accounting import Statement
from functional_tests.performance.options import LoadOptions
from functional_tests.performance.tables import Table
from functional_tests.performance.worker import SaleRecord

PERCENTILES = (50, 95, 99)
MAX_PRINTED_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that a run found out."""

    run_id: str
    options: LoadOptions
    sales: tuple[SaleRecord, ...]
    problems: tuple[str, ...]
    statements: tuple[Statement, ...]

    @property
    def failures(self) -> tuple[str, ...]:
        """Every unexpected answer and every difference, one line each."""
        differences = (
            f"seller {statement.username}: {difference}"
            for statement in self.statements
            for difference in statement.differences
        )
        missing = self.options.num_requests - len(self.sales)
        unsold = [f"{missing} of {self.options.num_requests} sales were not acknowledged"] if missing else []
        return (*self.problems, *differences, *unsold)

    @property
    def reason(self) -> str | None:
        """Say in one line why the run failed; None when it did not."""
        failures = self.failures
        if not failures:
            return None
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        return failures[0] + more


@dataclass(frozen=True, slots=True)
class Performance:
    """Speed of the sales; latencies in milliseconds, ``percentiles`` by their rank."""

    duration_seconds: float
    sales_per_second: float
    percentiles: dict[int, float]
    max_ms: float
    resends: int
    replays: int


def measure(sales: Sequence[SaleRecord]) -> Performance:
    """Work out throughput and latency from the first send to the last answer."""
    if not sales:
        return Performance(0.0, 0.0, dict.fromkeys(PERCENTILES, 0.0), 0.0, 0, 0)
    latencies = sorted(sale.latency * 1000 for sale in sales)
    end = max(sale.started + sale.latency for sale in sales)
    duration = end - min(sale.started for sale in sales)
    return Performance(
        duration_seconds=duration,
        sales_per_second=len(sales) / duration,
        percentiles={rank: percentile(latencies, rank) for rank in PERCENTILES},
        max_ms=latencies[-1],
        resends=sum(sale.attempts - 1 for sale in sales),
        replays=sum(sale.replayed for sale in sales),
    )


def percentile(ordered: Sequence[float], rank: float) -> float:
    """Return the smallest value that ``rank`` percent of the values do not exceed."""
    return ordered[max(0, math.ceil(len(ordered) * rank / 100) - 1)]


def as_document(outcome: Outcome) -> dict[str, Any]:
    """Return the outcome for machines; amounts are `Decimal`, which JSON is to show as text."""
    speed = measure(outcome.sales)
    return {
        "ok": outcome.reason is None,
        "reason": outcome.reason,
        "run_id": outcome.run_id,
        "options": asdict(outcome.options),
        "sales": {
            "requested": outcome.options.num_requests,
            "acknowledged": len(outcome.sales),
            "resent": speed.resends,
            "replayed_on_purpose": speed.replays,
        },
        "duration_seconds": round(speed.duration_seconds, 3),
        "throughput_per_second": round(speed.sales_per_second, 1),
        "latency_ms": {
            **{f"p{rank}": round(value, 2) for rank, value in speed.percentiles.items()},
            "max": round(speed.max_ms, 2),
        },
        "sellers": [asdict(statement) for statement in outcome.statements],
        "failures": list(outcome.failures),
    }


def as_text(outcome: Outcome) -> str:
    """Return the table of sellers, the speed and the verdict for people."""
    lines = [f"{name:<12}{value}" for name, value in figures(outcome).items()]
    return "\n".join(["", seller_table(outcome.statements).as_text(), "", *lines, "", *_verdict_lines(outcome)])


def figures(outcome: Outcome) -> dict[str, str]:
    """Return the speed of the run for people, by name."""
    speed = measure(outcome.sales)
    latencies = "  ".join(f"p{rank} {value:.1f} ms" for rank, value in speed.percentiles.items())
    return {
        "sales": f"{len(outcome.sales):,} acknowledged in {speed.duration_seconds:.2f} s, "
        f"{speed.resends:,} resent after a lost or busy answer, {speed.replays:,} replayed on purpose",
        "throughput": f"{speed.sales_per_second:,.1f} sales/s",
        "latency": f"{latencies}  max {speed.max_ms:.1f} ms",
    }


def seller_table(statements: Sequence[Statement]) -> Table:
    """Return the table of expected and actual balances."""
    amounts = ("initial_balance", "total_balance_increase", "charges_sold", "expected_balance", "actual_balance")
    rows = [
        (
            statement.username,
            *(f"{getattr(statement, name):,}" for name in amounts),
            "DIFFERS" if statement.differences else "ok",
        )
        for statement in statements
    ]
    return Table("Sellers", ("seller", *amounts, ""), rows)


def _verdict_lines(outcome: Outcome) -> list[str]:
    failures = outcome.failures
    if not failures:
        count = len(outcome.statements)
        return [f"OK: the balances of all {count} sellers agree with the sales and with the ledger."]
    hidden = len(failures) - MAX_PRINTED_PROBLEMS
    more = [f"  and {hidden} more"] if hidden > 0 else []
    return ["Found:", *(f"  {line}" for line in failures[:MAX_PRINTED_PROBLEMS]), *more]
