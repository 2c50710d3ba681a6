"""A short run of the faults of webhooks with a real worker; `make webhook-test` runs all of it."""

import os
import subprocess
import sys

import pytest

from apps.core.database.logins import is_embedded
from functional_tests.server import REPOSITORY


@pytest.mark.skipif(not is_embedded(), reason="the faults are done to an embedded PostgreSQL")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", ["worker_killed", "database_restarted", "slow_neighbour"])
def test_every_event_arrives_and_nothing_else(fault: str) -> None:
    command = [sys.executable, "-m", "functional_tests.webhooks", "--only", fault, "--times", "1"]

    run = subprocess.run(
        command, cwd=REPOSITORY, env=os.environ, capture_output=True, text=True, timeout=590, check=False
    )

    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    assert run.stdout.rstrip().endswith("every event arrived, and nothing else")
