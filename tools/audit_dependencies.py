"""Look up known vulnerabilities of everything in constraints.txt, with pip-audit.

A finding fails. An advisory service that cannot be reached fails only with `--strict`; without it the program prints a
warning, so that the result is not taken for an all-clear.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

CONSTRAINTS = Path(__file__).resolve().parent.parent / "constraints.txt"
TIMEOUT_SECONDS = 120
# Advisories that do not concern us, each with the reason.
IGNORED: dict[str, str] = {}


def main() -> int:
    """Audit, print the findings, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pip_audit", help="the program")
    parser.add_argument("--strict", action="store_true", help="fail also when the service cannot be reached")
    arguments = parser.parse_args()
    findings = _findings(arguments.pip_audit)
    if findings is None:
        sys.stdout.write("*** NOT AUDITED: the advisory service cannot be reached from here. ***\n")
        return 1 if arguments.strict else 0
    sys.stdout.write("\n".join(findings) + "\n" if findings else "No known vulnerability in constraints.txt.\n")
    return 1 if findings else 0


def _findings(pip_audit: str) -> list[str] | None:
    """Return a line for each vulnerability, or None if the service cannot be reached."""
    command = [pip_audit, "--requirement", str(CONSTRAINTS), "--no-deps", "--disable-pip", "--strict", "--format=json"]
    command += ["--progress-spinner=off", "--timeout=10", *(f"--ignore-vuln={name}" for name in IGNORED)]
    try:
        run = subprocess.run(  # noqa: S603  (the Makefile's own words)
            command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
        dependencies = json.loads(run.stdout)["dependencies"]
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired):
        return None
    return [
        f"{dependency['name']} {dependency['version']}: {found['id']}, fixed in {found['fix_versions']}"
        for dependency in dependencies
        for found in dependency.get("vulns", ())
    ]


if __name__ == "__main__":
    sys.exit(main())
