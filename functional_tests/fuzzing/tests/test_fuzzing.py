"""A short run of schemathesis against the real server; `make fuzz` is the long one."""

import os
import secrets
import subprocess
import sys

import pytest

from apps.core.database.logins import is_embedded
from functional_tests.performance.settings import REPOSITORY_ROOT


@pytest.mark.skipif(not is_embedded(), reason="the attack is on an embedded PostgreSQL of its own")
@pytest.mark.timeout(280)
def test_every_answer_is_as_the_swagger_document_says() -> None:
    seed = os.environ.get("FUZZ_SEED") or str(secrets.randbits(32))
    command = [sys.executable, "-m", "functional_tests.fuzzing", "--quick", "--seed", seed]

    run = subprocess.run(command, cwd=REPOSITORY_ROOT, capture_output=True, text=True, timeout=270, check=False)

    print(run.stdout)  # pytest shows it, with the seed, when the test fails
    assert run.returncode == 0, run.stdout[-5000:] + run.stderr[-3000:]
    assert run.stdout.rstrip().endswith("every answer was as documented")
