"""The load script against the real application: it passes, and it fails when the books are forged before its audit."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import User
from apps.core.database.logins import database_login
from apps.core.database.roles import open_database
from functional_tests.performance import cli
from functional_tests.performance.accounting import Books, read_books
from functional_tests.performance.client import Client
from functional_tests.performance.settings import REPOSITORY_ROOT

SCRIPT = "functional_tests/performance/test_load_transactions.py"
LOAD = ["--num-requests", "60", "--credit-requests", "3", "--workers", "3", "--replay-fraction", "0.2", "--json"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def arguments(live_server: LiveServer) -> list[str]:
    """Return the command line of a small load on a running server."""
    User.objects.create_superuser("admin", "admin@example.com", "pale-otter-91-lamp")
    return ["--base-url", live_server.url, "--admin-username", "admin", "--admin-password", "pale-otter-91-lamp", *LOAD]


@pytest.mark.parametrize("executor", ["process", "thread"])
def test_a_correct_server_passes(arguments: list[str], executor: str, tmp_path: Path) -> None:
    command = [sys.executable, SCRIPT, *arguments, "--executor", executor, "--report", str(tmp_path)]
    finished = subprocess.run(
        command, cwd=REPOSITORY_ROOT, env={}, capture_output=True, text=True, timeout=120, check=False
    )
    assert finished.returncode == 0, finished.stderr
    document = json.loads(finished.stdout)
    assert (document["ok"], document["failures"], document["sales"]["acknowledged"]) == (True, [], 60)
    for seller in document["sellers"]:
        assert seller["expected_balance"] == seller["actual_balance"] == seller["ledger_balance"]


@pytest.mark.parametrize(
    ("forgery", "reason"),
    [
        ("UPDATE transactions_wallet SET balance = balance + 0.01", "balance is"),
        ("DELETE FROM transactions_ledgerentry WHERE sequence = 9", "acknowledged but not in the ledger"),
    ],
)
def test_forged_books_fail_the_run(
    arguments: list[str],
    forgery: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def forge(client: Client, seller_id: str) -> Books:
        with open_database(database_login("superuser", connection.settings_dict["NAME"])) as superuser:
            superuser.cursor().execute(f"SET session_replication_role = replica; {forgery}")
        return read_books(client, seller_id)

    monkeypatch.setattr(cli, "read_books", forge)
    assert cli.run([*arguments, "--executor", "thread"]) == cli.EXIT_FAILED
    captured = capsys.readouterr()
    assert reason in "\n".join(json.loads(captured.out)["failures"])
    assert captured.err.splitlines()[-1].startswith("FAILED: ")
