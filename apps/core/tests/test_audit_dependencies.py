"""The look-up of vulnerabilities by `make check`: a finding fails, a service out of reach warns."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "tools" / "audit_dependencies.py"
CLEAN = '{"dependencies": [{"name": "django", "version": "5.2", "vulns": []}], "fixes": []}'
BAD = CLEAN.replace("[]}]", '[{"id": "PYSEC-1", "fix_versions": ["5.3"]}]}]')


def audit(folder: Path, says: str, code: int, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the script with a pip-audit that prints `says` and exits with `code`."""
    program = folder / "pip-audit"
    program.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
    program.chmod(0o755)
    return subprocess.run([sys.executable, SCRIPT, program, *options], capture_output=True, text=True, check=False)


def test_a_finding_fails_and_is_named(tmp_path: Path) -> None:
    run = audit(tmp_path, BAD, 1)

    assert run.returncode == 1
    assert "django 5.2: PYSEC-1" in run.stdout


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--strict",), 1)])
def test_a_service_out_of_reach_is_told_loudly(tmp_path: Path, options: tuple[str, ...], code: int) -> None:
    run = audit(tmp_path, "", 1, *options)

    assert run.returncode == code
    assert "NOT AUDITED" in run.stdout
