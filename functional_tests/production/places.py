"""Where the files of the deployment and the installed programs are."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DEPLOY = REPOSITORY / "deploy"
SERVER_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"


def program(name: str) -> str:
    """Return the path of an installed program."""
    found = shutil.which(name, path=SERVER_PATH)
    assert found, f"{name} is missing: run functional_tests/production/install.sh"
    return found
