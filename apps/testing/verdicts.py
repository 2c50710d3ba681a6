"""Verdicts of `manage.py verify_ledger`."""

import json
from typing import Any

from apps.testing.command_calls import run_command


def verify(*arguments: object) -> tuple[int, dict[str, Any]]:
    """Run the command; return its exit code and its document."""
    code, text = run_command("verify_ledger", "--json", *arguments)
    return code, json.loads(text)


def found(*arguments: object) -> list[tuple[str, int, set[str]]]:
    """Return seller, sequence and fault codes of each problem that the command names."""
    code, document = verify(*arguments)
    problems = document["problems"]
    assert code == (1 if problems else 0)
    assert document["verified"] is not bool(problems)
    return [(problem["seller_id"], problem["sequence"], set(problem["faults"])) for problem in problems]
