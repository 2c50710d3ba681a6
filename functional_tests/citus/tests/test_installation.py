"""Without Citus the command says what to install, and exits with 2."""

import subprocess
import sys
from pathlib import Path

import pytest

from config.env_file import REPOSITORY

ANSWERS = "#!/bin/sh\ncase $1 in --version) echo 'PostgreSQL 18.4';; *) echo /nowhere;; esac\n"


@pytest.mark.parametrize("exists", [False, True], ids=["no PostgreSQL", "PostgreSQL without Citus"])
def test_without_citus_the_command_says_what_to_install(tmp_path: Path, exists: bool) -> None:
    pg_config = tmp_path / "pg_config"
    if exists:
        pg_config.write_text(ANSWERS)
        pg_config.chmod(0o755)

    done = subprocess.run(
        [sys.executable, "-m", "functional_tests.citus", "--pg-config", str(pg_config)],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "PG_CONFIG=/usr/lib/postgresql/18/bin/pg_config" in done.stderr
    assert ("without /nowhere/citus.so" if exists else "no program") in done.stderr
