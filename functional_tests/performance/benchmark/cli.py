"""The command line of the benchmark. No Django before its stage is open."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from apps.core.database.embedded.server import EmbeddedPostgres
from functional_tests.performance.benchmark.against import compare
from functional_tests.performance.benchmark.stage import open_stage
from functional_tests.performance.benchmark.wrk import find_wrk
from functional_tests.performance.errors import CannotStart, LoadError
from functional_tests.performance.settings import REPOSITORY_ROOT

REPORTS = REPOSITORY_ROOT / "reports/benchmark"
MANY_SELLERS, MANY_SELLERS_QUICK = 1_000, 100
EXIT_OK, EXIT_FAILED, EXIT_CANNOT_START, EXIT_INTERRUPTED = 0, 1, 2, 130


def run(arguments: Sequence[str]) -> int:
    """Run the benchmark and return the exit code: 0 if nothing failed, whatever the figures are."""
    options = parse(arguments)
    try:
        find_wrk()
        if options.against:
            print(compare(options).as_text())
            return EXIT_OK
        with open_stage(options.home) as postgres:
            _measure(postgres, options)
        return EXIT_OK
    except CannotStart as error:
        return _give_up(str(error), EXIT_CANNOT_START)
    except LoadError as error:
        return _give_up(str(error), EXIT_FAILED)
    except KeyboardInterrupt:
        return _give_up("interrupted", EXIT_INTERRUPTED)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; exits with a usage error (2) on a wrong option."""
    parser = argparse.ArgumentParser(
        prog="make bench", description="Measure the service on this machine.", allow_abbrev=False
    )
    add = parser.add_argument
    add("--rounds", type=_positive, default=5, help="how often each case is measured; default 5")
    add("--seconds", type=_positive, default=10, help="how long each time; default 10")
    add("--quick", action="store_true", help="one round of 3 seconds, and fewer sellers")
    add("--cases", default="", help="only cases whose names contain one of these words, separated by commas")
    add(
        "--growth", type=_sizes, default=(), metavar="SIZES", help="measure growth too, as 10000,500000,5000000 entries"
    )
    add("--home", type=Path, help="run on the data that `make bench-data` left in this folder, and keep it")
    add(
        "--report",
        type=Path,
        default=REPORTS,
        help="folder of the JSON document and the Markdown page; default %(default)s",
    )
    add("--against", metavar="REV", help="measure an earlier commit in turns with this tree, and print the ratios")
    add("--publish", action="store_true", help="write docs/performance.md too")
    options = parser.parse_args(arguments)
    if options.home and options.growth:
        parser.error("--growth needs an empty database, so it cannot use --home")
    if options.against and (options.growth or options.home or options.publish):
        parser.error("--against prints a comparison, and goes with --rounds, --seconds, --quick and --cases only")
    if options.quick:
        options.rounds, options.seconds = 1, 3
    return options


def _measure(postgres: EmbeddedPostgres, options: argparse.Namespace) -> None:
    """Measure, print and write what was asked for. Its imports need Django, which is set up by now."""
    from functional_tests.performance.benchmark.bench import Effort, run_cases
    from functional_tests.performance.benchmark.growth import run_growth
    from functional_tests.performance.benchmark.machine import describe_machine
    from functional_tests.performance.benchmark.outcome import Outcome, tables
    from functional_tests.performance.benchmark.publication import publish, write_report

    many_sellers = MANY_SELLERS_QUICK if options.quick else MANY_SELLERS
    effort = Effort(options.rounds, options.seconds, many_sellers, tuple(options.cases.split(",")))
    machine = describe_machine(postgres.home.path)
    # First, because it copies the main database, which must be empty.
    growth = run_growth(postgres, options.growth, effort, _say) if options.growth else None
    outcome = Outcome(machine, effort, run_cases(postgres, effort, _say), growth)
    for table in tables(outcome):
        print(f"\n{table.title}\n{table.as_text()}")
    written = write_report(outcome, options.report)
    if options.publish:
        written.append(publish(outcome))
    print("\nWritten:", *written)


def _say(text: str) -> None:
    print(text, flush=True)


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return int(text)


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted(map(_positive, text.split(","))))


def _give_up(reason: str, code: int) -> int:
    print(f"FAILED: {reason}", file=sys.stderr)
    return code
