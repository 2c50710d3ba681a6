"""The result as files: a JSON document and a page for the run, and docs/performance.md for the project."""

import json
from dataclasses import dataclass
from pathlib import Path
from string import Template

from functional_tests.performance.benchmark.outcome import Outcome, as_document, tables
from functional_tests.performance.benchmark.plots import STANDALONE_STYLE, Bar, bars
from functional_tests.performance.report import STYLE_FILE
from functional_tests.performance.settings import REPOSITORY_ROOT

PAGE_TEMPLATE = Path(__file__).with_name("page.html")
DOCUMENT_TEMPLATE = Path(__file__).with_name("document.md")
DOCUMENTS = REPOSITORY_ROOT / "docs"


def write_report(outcome: Outcome, folder: Path) -> list[Path]:
    """Write `benchmark.json` and `benchmark.html` into `folder` and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    document, page = folder / "benchmark.json", folder / "benchmark.html"
    document.write_text(json.dumps(as_document(outcome), indent=2) + "\n", encoding="utf-8")
    page.write_text(_page(outcome), encoding="utf-8")
    return [document, page]


def publish(outcome: Outcome, folder: Path = DOCUMENTS) -> Path:
    """Write docs/performance.md with its pictures and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = []
    for plot in plots(outcome, style=STANDALONE_STYLE):
        (folder / f"performance-{plot.name}.svg").write_text(plot.svg + "\n", encoding="utf-8")
        pictures.append(f"## {plot.title}\n\n![{plot.title}](performance-{plot.name}.svg)")
    template = Template(DOCUMENT_TEMPLATE.read_text(encoding="utf-8"))
    text = template.substitute(
        rounds=outcome.effort.rounds,
        seconds=outcome.effort.seconds,
        tables="\n\n".join(table.as_markdown() for table in tables(outcome)),
        pictures="\n\n".join(pictures),
    )
    document = folder / "performance.md"
    document.write_text(text, encoding="utf-8")
    return document


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture of one figure of every case."""

    name: str
    title: str
    svg: str


def plots(outcome: Outcome, *, style: str = "") -> list[Plot]:
    """Return the pictures; `style` is put into each."""
    rows = [(outcome.cases.titles[name], median) for name, median in outcome.medians.items()]
    if not rows:
        return []
    cpu = [
        Bar(title, [part / figures.operations for part in (figures.app_cpu_ms, figures.database_cpu_ms)])
        for title, figures in rows
    ]
    rates = [Bar(title, [figures.rate]) for title, figures in rows]
    latencies = [Bar(title, [figures.p50_ms, figures.p99_ms - figures.p50_ms]) for title, figures in rows]
    return [
        Plot(
            "cpu",
            "CPU of a request, or of a charge in bulk: application, then PostgreSQL",
            bars(cpu, "ms", ("application", "PostgreSQL"), style=style),
        ),
        Plot("rate", "Requests, or charges in bulk, per second", bars(rates, "/s", ("rate",), style=style)),
        Plot(
            "latency",
            "Latency of a request: median, then up to the 99th percentile",
            bars(latencies, "ms", ("p50", "from p50 to p99"), style=style),
        ),
    ]


def _page(outcome: Outcome) -> str:
    pictures = [f'<section class="card"><h2>{plot.title}</h2>{plot.svg}</section>' for plot in plots(outcome)]
    first, *rest = [table.as_html() for table in tables(outcome)]
    return Template(PAGE_TEMPLATE.read_text(encoding="utf-8")).substitute(
        style=STYLE_FILE.read_text(encoding="utf-8"),
        summary=f"{outcome.effort.rounds} rounds of {outcome.effort.seconds} s per case, {outcome.machine['date']}",
        sections="\n".join([first, *pictures, *rest]),
    )
