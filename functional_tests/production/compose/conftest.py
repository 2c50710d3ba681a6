"""An engine for all tests of this folder, and a fresh clone for each setup: `make compose-test`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from functional_tests.production.checkout import copy_checkout
from functional_tests.production.compose.setup import Setup

collect_ignore_glob = [] if os.environ.get("COMPOSE_TEST") else ["test_*.py"]


@pytest.fixture(scope="session")
def engine() -> None:
    """Refuse to go on without an engine: `engine/run.sh` has found or made one."""
    done = subprocess.run(["docker", "compose", "version"], capture_output=True, text=True, check=False)
    done = done if done.returncode else subprocess.run(["docker", "info"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@contextmanager
def started(section: str, folder: Path) -> Iterator[Setup]:
    """Start a setup by the README's commands in a fresh clone; remove it with its volumes."""
    made = Setup(copy_checkout(folder), section)
    # The volumes are removed afterwards: those of a setup that is in use must not be taken for these.
    project = "sharj" if made.is_production else "sharj-dev"
    left = made.docker("volume", "ls", "--quiet", "--filter", f"label=com.docker.compose.project={project}")
    assert not left, f"this engine has volumes of {project}, which the test would remove: {left}"
    try:
        made.start()
        yield made
    finally:
        # Kept for who wants to know why a test failed.
        (Path("/tmp") / f"compose-test-{made.name}.log").write_text(made.compose("logs", "--no-color"))
        made.compose("--profile", "*", "down", "--volumes", "--timeout", "5")


@pytest.fixture(scope="module")
def development(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    """The setup of developers."""
    with started("Development in containers", tmp_path_factory.mktemp("clone")) as setup:
        yield setup


@pytest.fixture(scope="session")
def production(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    """The setup of production, one for all modules."""
    with started("Production", tmp_path_factory.mktemp("clone")) as setup:
        yield setup
