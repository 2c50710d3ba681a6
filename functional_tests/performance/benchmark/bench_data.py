"""`make bench-data`: fill a database of its own with made-up data, and keep it."""

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apps.core.database.embedded.server import EmbeddedPostgres
from apps.core.database.roles import open_database
from functional_tests.performance.benchmark.stage import open_stage
from functional_tests.performance.errors import LoadError

REPORT_EVERY_ENTRIES = 200_000


def main(arguments: Sequence[str]) -> int:
    """Make the data, check it, say how to use it, and return the exit code."""
    options = _parse(arguments)
    try:
        with open_stage(options.home) as postgres:
            _fill(postgres, options.sellers, options.entries)
    except LoadError as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    print(f"Look at it:  EMBEDDED_POSTGRES_DIR={options.home} make run")
    print(f"Measure it:  make bench ARGS='--home {options.home}'")
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-data", description="Fill a database with made-up data.")
    add = parser.add_argument
    add("--sellers", type=int, default=1_000, help="default 1,000")
    add("--entries", type=int, default=100_000, help="ledger entries of all sellers; default 100,000")
    add("--home", type=Path, default=default_home(), help="folder of the database; default %(default)s")
    options = parser.parse_args(arguments)
    options.home = options.home.resolve()
    return options


def default_home() -> Path:
    """Return the folder beside the one of this checkout's own database."""
    own = EmbeddedPostgres.from_environment().home.path
    return own.with_name(f"{own.name}-bench")


def _fill(postgres: EmbeddedPostgres, sellers: int, entries: int) -> None:
    from apps.transactions.reconciliation.verification import Verification
    from functional_tests.performance.benchmark.generator import DataPlan
    from functional_tests.performance.benchmark.loader import load

    began, plan = time.monotonic(), DataPlan(sellers, entries, until=datetime.now(UTC) - timedelta(minutes=1))

    def report(done: int) -> None:
        if done == entries or (done and done % REPORT_EVERY_ENTRIES == 0):
            print(f"{time.monotonic() - began:6.0f} s  {done:,} entries of {entries:,}", flush=True)

    with open_database(postgres.connection("superuser")) as superuser:
        load(superuser, plan, report)
    print(f"{time.monotonic() - began:6.0f} s  loaded; verifying", flush=True)
    if problems := Verification().run().problems:
        raise LoadError(f"the data has faults: {problems[0]}")
    print(f"{time.monotonic() - began:6.0f} s  {entries:,} entries of {sellers:,} sellers are in order")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
