"""The result as files: a JSON document and the page that docs/performance.md keeps of the published run."""

import json
from pathlib import Path
from string import Template

from functional_tests.performance.benchmark.outcome import Outcome, as_document, tables
from functional_tests.performance.settings import REPOSITORY_ROOT

TEMPLATE = Path(__file__).with_name("document.md")
PUBLISHED = REPOSITORY_ROOT / "docs/performance.md"


def write_report(outcome: Outcome, folder: Path) -> list[Path]:
    """Write `benchmark.json` and `benchmark.md` into `folder` and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    document, page = folder / "benchmark.json", folder / "benchmark.md"
    document.write_text(json.dumps(as_document(outcome), indent=2) + "\n", encoding="utf-8")
    return [document, publish(outcome, page)]


def publish(outcome: Outcome, page: Path = PUBLISHED) -> Path:
    """Write the result as Markdown and return its path."""
    text = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        rounds=outcome.effort.rounds,
        seconds=outcome.effort.seconds,
        tables="\n\n".join(table.as_markdown() for table in tables(outcome)),
    )
    page.write_text(text, encoding="utf-8")
    return page
