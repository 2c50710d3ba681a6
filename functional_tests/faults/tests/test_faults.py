"""A short run of the fault tests against the real server; `make fault-test` runs all of them."""

import os
import secrets
import subprocess
import sys

import pytest

from apps.core.database.logins import is_embedded
from functional_tests.performance.settings import REPOSITORY_ROOT


@pytest.mark.skipif(not is_embedded(), reason="the faults are done to the embedded PostgreSQL")
@pytest.mark.timeout(280)
def test_no_fault_loses_or_makes_money() -> None:
    seed = os.environ.get("FAULTS_SEED") or secrets.token_hex(4)
    command = [sys.executable, "-m", "functional_tests.faults", "--quick", "--seed", seed]

    run = subprocess.run(command, cwd=REPOSITORY_ROOT, capture_output=True, text=True, timeout=270, check=False)

    print(run.stdout)  # pytest shows it, with the seed, when the test fails
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    assert run.stdout.rstrip().endswith("every fault survived")
