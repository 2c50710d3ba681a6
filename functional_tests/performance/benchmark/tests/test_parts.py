"""The parts of the benchmark on their own. Nothing here asserts how long something takes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from functional_tests.performance.benchmark.bench import CaseResults, Effort
from functional_tests.performance.benchmark.cli import parse
from functional_tests.performance.benchmark.criteria import Criterion, judge, rate, ratio
from functional_tests.performance.benchmark.growth import Growth, Reading
from functional_tests.performance.benchmark.measurement import Figures
from functional_tests.performance.benchmark.outcome import Outcome, as_document, tables
from functional_tests.performance.benchmark.plans import FilterPlan
from functional_tests.performance.benchmark.processor_time import processor_seconds
from functional_tests.performance.benchmark.publication import publish, write_report
from functional_tests.performance.benchmark.wrk import NUMBER, render_request
from functional_tests.performance.tables import Table

FIGURES = Figures(100.0, 100.0, 1.0, 2.0, 3.0, 1.5, 0.5, 1.0)
CEILING = replace(FIGURES, requests_per_second=400.0, charges_per_request=0.0, app_cpu_ms=0.5, database_cpu_ms=0.0)
BURN = "sum(i * i for i in range(2_000_000))"


def outcome() -> Outcome:
    titles = {"ceiling": "no-database view", "ten_sellers": "charges <10>"}
    cases = CaseResults(titles, {"ceiling": [CEILING] * 3, "ten_sellers": [FIGURES] * 3}, 0.99)
    sized = {f"{name}_{size}": [FIGURES] for name in ("charges", "first", "deep") for size in (10, 20)}
    reading, plan = Reading(1.0, 1.6, 2.0), FilterPlan("seller", "Index Scan entry_by_seller", 0.1, 0)
    growth = Growth((10, 20), sized, {10: 1, 20: 2}, {10: reading, 20: reading}, {10: [plan], 20: [plan]})
    return Outcome({"date": "today"}, Effort(3, 1), cases, growth)


@contextmanager
def working_child() -> Iterator[int]:
    """Run a process that uses its processor and then waits; yield its pid when it waits."""
    program = f"import sys; {BURN}; print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield process.pid


def test_the_time_of_a_child_counts_while_it_runs_and_after_it_ended() -> None:
    own = psutil.Process().pid
    before = processor_seconds(own)
    with working_child() as pid:
        running = processor_seconds(own)
        burnt = psutil.Process(pid).cpu_times().user
        assert burnt > 0
        assert running - before > 0.9 * burnt
    assert processor_seconds(own) >= running


def test_the_time_of_others_does_not_count() -> None:
    with working_child() as pid:
        before = processor_seconds(pid)
        eval(BURN)
        assert processor_seconds(pid) == pytest.approx(before, abs=0.05)


def test_a_request_announces_its_length_with_the_numbers_filled_in() -> None:
    request = render_request("POST", "/path/", token="token", body=f'{{"a": "{NUMBER}", "b": "{NUMBER}é"}}')
    filled = request.replace(NUMBER.encode(), b"0" * 12)
    head, _, body = filled.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head.split(b"\r\n")


def test_medians_are_taken_of_each_figure() -> None:
    rounds = [replace(FIGURES, p50_ms=value, p99_ms=-value) for value in (1.0, 5.0, 3.0)]
    assert Figures.median_of(rounds) == replace(FIGURES, p50_ms=3.0, p99_ms=-3.0)


def test_ratios_are_taken_within_a_round() -> None:
    rounds = {
        "case": [replace(CEILING, requests_per_second=value) for value in (10.0, 200.0, 30.0)],
        "other": [replace(CEILING, requests_per_second=value) for value in (10.0, 100.0, 10.0)],
    }
    assert ratio(rounds, "case", "other", rate) == 2.0


def test_a_bulk_counts_for_its_charges() -> None:
    bulk = replace(FIGURES, requests_per_second=2.0, charges_per_request=1_000.0, app_cpu_ms=60.0, database_cpu_ms=40.0)
    assert bulk.rate == 2_000.0
    assert bulk.cost == 0.1


@pytest.mark.parametrize(
    ("value", "at_most", "verdict"),
    [
        (2.9, True, "stretch"),
        (3.5, True, "reached"),
        (4.1, True, "missed"),
        (4.0, False, "reached"),
        (3.9, False, "missed"),
    ],
)
def test_a_criterion_says_what_was_reached(value: float, at_most: bool, verdict: str) -> None:
    assert Criterion("x", value, 4.0, 3.0 if at_most else None, at_most=at_most).verdict == verdict


def test_only_what_was_measured_is_judged() -> None:
    texts = [criterion.text for criterion in judge({"ten_sellers": [FIGURES]}, 1.0)]
    assert len(texts) == 2
    assert not any("ceiling" in text for text in texts)


def test_a_table_is_aligned_and_escaped() -> None:
    table = Table("T", ("name", "n"), [("a|<b>", "1"), ("c", "10")])
    assert table.as_text().splitlines() == ["name    n", "---------", "a|<b>   1", "c      10"]
    assert "| a\\|<b> | 1 |" in table.as_markdown()
    assert "a|&lt;b&gt;" in table.as_html()


def test_every_result_is_written(tmp_path: Path) -> None:
    document, page = write_report(outcome(), tmp_path)
    assert json.loads(document.read_text())["cases"]["ten_sellers"]["ratios"]["cpu_to_ceiling"] == 4.0
    assert "charges <10>" in page.read_text()
    assert "$" not in page.read_text()
    published = publish(outcome(), tmp_path / "p.md").read_text()
    assert all(table.title in published for table in tables(outcome()))


def test_growth_is_judged_at_its_largest_size() -> None:
    criteria = as_document(outcome())["criteria"][-3:]
    assert [one["verdict"] for one in criteria] == ["reached", "reached", "missed"]


def test_sizes_are_sorted_numbers() -> None:
    assert parse(["--growth", "500,10"]).growth == (10, 500)
    with pytest.raises(SystemExit):
        parse(["--growth", "many"])
