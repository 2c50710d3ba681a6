"""The HTML report: one self-contained page, no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template

from functional_tests.performance.accounting import Statement
from functional_tests.performance.charts import area, histogram, make_bins, nice_step
from functional_tests.performance.results import Outcome, Performance, measure, percentile
from functional_tests.performance.worker import SaleRecord

TEMPLATE_FILE = Path(__file__).with_name("report_template.html")
STYLE_FILE = Path(__file__).with_name("report_style.css")
REPORT_NAME = "load-report.html"
HISTOGRAM_BINS = 48
THROUGHPUT_BINS = 60
# Slower sales than this share go into the last bar, so that few do not squeeze the rest.
HISTOGRAM_RANK = 99.5


def write_report(outcome: Outcome, folder: Path) -> Path:
    """Write the page into ``folder``, which is made if missing, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / REPORT_NAME
    page.write_text(render_report(outcome), encoding="utf-8")
    return page


def render_report(outcome: Outcome) -> str:
    """Return the page as text."""
    speed = measure(outcome.sales)
    options = outcome.options
    return Template(TEMPLATE_FILE.read_text(encoding="utf-8")).substitute(
        style=STYLE_FILE.read_text(encoding="utf-8"),
        verdict_class="good" if outcome.reason is None else "bad",
        verdict="Every balance agrees" if outcome.reason is None else "The run failed",
        summary=escape(
            f"{options.num_requests:,} sales by {options.sellers} sellers through {options.workers} "
            f"{options.executor} workers on {options.base_url}"
        ),
        finished=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        run_id=escape(outcome.run_id),
        seed=options.seed,
        tiles=_tiles(outcome, speed),
        histogram=_latency_chart(outcome.sales, speed),
        throughput=_throughput_chart(outcome.sales, speed),
        rows="".join(_row(statement) for statement in outcome.statements),
        failures=_failures(outcome.failures),
    )


def _tiles(outcome: Outcome, speed: Performance) -> str:
    figures = {
        "sales": f"{len(outcome.sales):,}",
        "sales/s": f"{speed.sales_per_second:,.0f}",
        **{f"latency p{rank}": f"{value:.1f} ms" for rank, value in speed.percentiles.items()},
        "latency max": f"{speed.max_ms:.1f} ms",
        "replayed": f"{speed.replays:,}",
        "resent": f"{speed.resends:,}",
    }
    return "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in figures.items())


def _latency_chart(sales: Sequence[SaleRecord], speed: Performance) -> str:
    if not sales:
        return '<p class="empty">No sale was acknowledged.</p>'
    latencies = sorted(sale.latency * 1000 for sale in sales)
    end = percentile(latencies, HISTOGRAM_RANK)
    markers = {f"p{rank}": value for rank, value in speed.percentiles.items()}
    return histogram(make_bins(latencies, nice_step(end / HISTOGRAM_BINS), end), markers, "ms")


def _throughput_chart(sales: Sequence[SaleRecord], speed: Performance) -> str:
    if not sales:
        return '<p class="empty">No sale was acknowledged.</p>'
    begin = min(sale.started for sale in sales)
    ends = [sale.started + sale.latency - begin for sale in sales]
    width = nice_step(speed.duration_seconds / THROUGHPUT_BINS)
    return area(make_bins(ends, width, speed.duration_seconds), width, speed.sales_per_second)


def _row(statement: Statement) -> str:
    money = (
        statement.initial_balance,
        statement.total_balance_increase,
        statement.charges_sold,
        statement.expected_balance,
        statement.actual_balance,
        statement.ledger_balance,
    )
    mark = '<td class="bad">differs</td>' if statement.differences else '<td class="good">agrees</td>'
    cells = "".join(f'<td class="number">{value:,}</td>' for value in money)
    return (
        f'<tr><th scope="row">{escape(statement.username)}</th>'
        f'<td class="number">{statement.charge_count:,}</td>{cells}{mark}</tr>'
    )


def _failures(failures: Sequence[str]) -> str:
    if not failures:
        return ""
    items = "".join(f"<li>{escape(line)}</li>" for line in failures)
    return f'<section class="card failures"><h2>What went wrong</h2><ul>{items}</ul></section>'
