"""The HTML report of a run: one page of tables, without scripts and without anything fetched."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template

from functional_tests.performance.errors import CannotStart
from functional_tests.performance.results import Outcome, figures, seller_table
from functional_tests.performance.tables import Table

TEMPLATE_FILE = Path(__file__).with_name("report_template.html")
REPORT_NAME = "load-report.html"


def check_writable(folder: Path) -> None:
    """Make ``folder`` if it is missing; raise CannotStart if the report cannot be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotStart(f"cannot write a report into {folder}: {error.strerror}") from error


def write_report(outcome: Outcome, folder: Path) -> Path:
    """Write the page into ``folder`` and return its path."""
    page = folder / REPORT_NAME
    page.write_text(render_report(outcome), encoding="utf-8")
    return page


def render_report(outcome: Outcome) -> str:
    """Return the page as text."""
    options = outcome.options
    summary = (
        f"{options.num_requests:,} sales by {options.sellers} sellers through {options.workers} {options.executor} "
        f"workers on {options.base_url}. "
        f"Run {outcome.run_id}, seed {options.seed}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC."
    )
    tables = (Table("Figures", ("figure", "value"), list(figures(outcome).items())), seller_table(outcome.statements))
    items = "".join(f"<li>{escape(line)}</li>" for line in outcome.failures)
    return Template(TEMPLATE_FILE.read_text(encoding="utf-8")).substitute(
        run_id=escape(outcome.run_id),
        verdict="Every balance agrees" if outcome.reason is None else "The run failed",
        summary=escape(summary),
        failures=f"<ul>{items}</ul>" if items else "",
        tables="\n".join(table.as_html() for table in tables),
    )
