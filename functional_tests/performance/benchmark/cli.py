"""The command line of the benchmark. No Django before its stage is open."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from functional_tests.performance.benchmark.stage import open_stage
from functional_tests.performance.benchmark.wrk import find_wrk
from functional_tests.performance.errors import CannotStart, LoadError

EXIT_OK, EXIT_FAILED, EXIT_CANNOT_START, EXIT_INTERRUPTED = 0, 1, 2, 130


def run(arguments: Sequence[str]) -> int:
    """Run the benchmark and return the exit code: 0 if nothing failed, whatever the figures are."""
    options = parse(arguments)
    try:
        find_wrk()
        with open_stage(options.home) as postgres:
            from functional_tests.performance.benchmark.bench import Bench

            Bench(postgres, options).run()
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
    add("--rounds", type=int, default=5, help="how often each case is measured; default 5")
    add("--seconds", type=int, default=10, help="how long each time; default 10")
    add("--quick", action="store_true", help="one round of 3 seconds, fewer sellers")
    add("--home", type=Path, help="run on the data that `make bench-data` left in this folder, and keep it")
    add("--cases", default="", help="only cases whose names contain one of these words, separated by commas")
    options = parser.parse_args(arguments)
    if options.quick:
        options.rounds, options.seconds = 1, 3
    return options


def _give_up(reason: str, code: int) -> int:
    print(f"FAILED: {reason}", file=sys.stderr)
    return code
