"""`make citus-test`: the money tests of the apps on Citus, then load, moving shards and killed nodes.

Exits with 1 if one fails, and with 2 where there is no Citus; then it says what to install.
"""

import argparse
import os
import subprocess
import sys

from functional_tests.citus.cluster import running_cluster
from functional_tests.citus.installation import CitusMissing, Installation
from functional_tests.performance.settings import REPOSITORY_ROOT

TESTS = (
    "apps/transactions", "apps/credit_requests", "apps/outbox", "apps/testing/tests/test_interleavings.py",
    "apps/testing/tests/test_state_machine.py", "apps/testing/tests/test_mixed_load.py",
    "apps/testing/tests/test_money_scenario.py", "functional_tests/citus/tests",
)  # fmt: skip
CHOICES = ("tests", "load", "worker", "coordinator", "moves")


def main() -> int:
    """Run what was chosen and return the exit code."""
    arguments = _parse()
    try:
        installation = Installation.of(arguments.pg_config)
    except CitusMissing as missing:
        print(missing, file=sys.stderr)
        return 2
    print(f"{installation.version} in {installation.programs}", flush=True)
    chosen, failed = arguments.only or CHOICES, list[str]()
    if "tests" in chosen and not _test(installation, arguments.pytest):
        failed.append("tests")
    if runs := [name for name in chosen if name != "tests"]:
        from functional_tests.citus.runs import run_all
        from functional_tests.citus.stage import open_stage

        with open_stage(installation, workers=2) as stage:
            failed += run_all(stage, runs)
    print(f"\nFAILED: {', '.join(failed)}" if failed else "\neverything passed")
    return 1 if failed else 0


def _test(installation: Installation, arguments: list[str]) -> bool:
    """Run the tests of the apps on a cluster of their own; pytest prints the counts, and each skip with its reason."""
    with running_cluster(installation) as cluster:
        command = [sys.executable, "-m", "pytest", "-q", "-rs", "-n", "0", *(arguments or TESTS)]
        environment = {**os.environ, **cluster.environment()}
        return subprocess.run(command, env=environment, cwd=REPOSITORY_ROOT, check=False).returncode == 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m functional_tests.citus", description=__doc__)
    parser.add_argument("--pg-config", default="pg_config", help="of the PostgreSQL that has Citus")
    parser.add_argument("--only", nargs="+", choices=CHOICES, help="only these")
    parser.add_argument("pytest", nargs="*", help="arguments of pytest instead of the folders of money, after --")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
