"""Starts the stack once for all tests of this folder; what is missing is installed first."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from functional_tests.production.stack import Stack

# Minutes long and in need of root: `make stack-test`, not `make test`.
collect_ignore_glob = [] if os.environ.get("STACK_TEST") else ["test_*.py"]


@pytest.fixture(scope="session")
def programs() -> None:
    """Install Debian's programs; where that is impossible the tests are skipped, but never in CI."""
    done = subprocess.run([Path(__file__).with_name("install.sh")], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = f"THE PRODUCTION STACK IS NOT TESTED. {done.stderr.strip()}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def stack(programs: None) -> Iterator[Stack]:
    """The running stack."""
    with Stack() as running:
        yield running
