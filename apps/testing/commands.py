"""manage.py in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from config.env_file import REPOSITORY


def manage(
    *arguments: str, at: Path = REPOSITORY, environment: Mapping[str, str | None] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run manage.py with a changed environment; None removes a variable."""
    changed = {name: value for name, value in {**os.environ, **(environment or {})}.items() if value is not None}
    command = [sys.executable, str(at / "manage.py"), *arguments]
    return subprocess.run(
        command, cwd=at, env=changed, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )


def assert_one_line(result: subprocess.CompletedProcess[str], expected: str) -> None:
    """Assert that the command failed with one line on stderr, which has `expected` in it."""
    assert result.returncode != 0
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert expected in result.stderr
