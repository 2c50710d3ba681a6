"""The load script against the real application: it passes, and it fails when the books are forged before its audit."""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from pytest_django.live_server_helper import LiveServer
from sharj import Sharj

from apps.accounts.models import Seller, User
from apps.core.database.logins import database_login
from apps.core.database.roles import open_database
from functional_tests.faults.proxy import proxy
from functional_tests.performance import cli
from functional_tests.performance.accounting import Books, read_books
from functional_tests.performance.fleet import run_fleet
from functional_tests.performance.settings import REPOSITORY_ROOT
from functional_tests.performance.worker import Journal
from functional_tests.server import HOST, free_port

SCRIPT = "functional_tests/performance/test_load_transactions.py"
LOAD = ["--num-requests", "60", "--credit-requests", "3", "--workers", "3", "--replay-fraction", "0.2", "--json"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def arguments(live_server: LiveServer) -> list[str]:
    """Return the command line of a small load on a running server."""
    User.objects.create_superuser("admin", "admin@example.com", "pale-otter-91-lamp")
    return ["--base-url", live_server.url, "--admin-username", "admin", "--admin-password", "pale-otter-91-lamp", *LOAD]


def run_script(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    patient = {"LOAD_SILENCE_SECONDS": "60"}  # a busy machine is not a dead server
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        cwd=REPOSITORY_ROOT, env=patient | environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("executor", ["process", "thread"])
def test_a_correct_server_passes(arguments: list[str], executor: str, tmp_path: Path) -> None:
    finished = run_script(*arguments, "--executor", executor, "--report", str(tmp_path))
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
    def forge(client: Sharj, seller_id: str) -> Books:
        with open_database(database_login("superuser", connection.settings_dict["NAME"])) as superuser:
            superuser.cursor().execute(f"SET session_replication_role = replica; {forgery}")
        return read_books(client, seller_id)

    monkeypatch.setattr(cli, "read_books", forge)
    assert cli.run([*arguments, "--executor", "thread"]) == cli.EXIT_FAILED
    captured = capsys.readouterr()
    assert reason in "\n".join(json.loads(captured.out)["failures"])
    assert captured.err.splitlines()[-1].startswith("FAILED: ")


@dataclass
class Death:
    """A server that resets every connection after some charges or, `is_frozen`, takes requests and never answers."""

    is_frozen: bool
    charges: int = 9
    end_of_test: threading.Event = field(default_factory=threading.Event)

    def allow(self, data: bytes, *, upward: bool) -> int:
        self.charges -= b"POST /api/v1/charges/" in data
        if self.charges > 0:
            return len(data)
        if self.is_frozen:
            self.end_of_test.wait(100)  # it blocks the proxy's only thread
        return 0


@pytest.mark.parametrize("executor", ["process", "thread"])
@pytest.mark.parametrize("is_frozen", [False, True], ids=["dead", "frozen"])
def test_a_server_that_stops_answering_ends_the_run(arguments: list[str], executor: str, is_frozen: bool) -> None:
    port, death = free_port(), Death(is_frozen)
    with proxy(port, urlsplit(arguments[1]).port or 0, death):
        options = ["--base-url", f"http://{HOST}:{port}", "--executor", executor]
        finished = run_script(*arguments, *options, LOAD_SILENCE_SECONDS="2")
        death.end_of_test.set()
    assert finished.returncode == cli.EXIT_NO_SERVER
    assert finished.stderr.splitlines()[-1].startswith("FAILED: the server has not answered for ")
    assert json.loads(finished.stdout)["ok"] is False


def test_a_report_that_cannot_be_written_is_refused_before_the_run(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    finished = run_script(*arguments, "--report", str(tmp_path / "file/reports"))
    assert finished.returncode == cli.EXIT_NO_SERVER
    assert "cannot write a report into" in finished.stderr
    assert Seller.objects.count() == 0


def test_refused_sales_are_no_progress(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def suspend_first(*run: Any) -> Sequence[Journal]:
        Seller.objects.update(status=Seller.Status.SUSPENDED)
        return run_fleet(*run)

    monkeypatch.setattr(cli, "run_fleet", suspend_first)
    assert cli.run([*arguments, "--executor", "thread"]) == cli.EXIT_FAILED
    captured = capsys.readouterr()
    assert json.loads(captured.out)["sales"]["acknowledged"] == 0
    assert "/60 sales" not in captured.err.replace("0/60", "")
