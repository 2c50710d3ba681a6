"""The whole script against the fake: what it passes, and that it fails when it must."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from functional_tests.performance.cli import run
from functional_tests.performance.settings import REPOSITORY_ROOT
from functional_tests.performance.tests.fake_bank import ADMIN_PASSWORD, ADMIN_USERNAME, Faults
from functional_tests.performance.tests.fake_server import FakeServer, serve

SCRIPT = REPOSITORY_ROOT / "functional_tests/performance/test_load_transactions.py"
SMALL_LOAD = ["--num-requests", "60", "--credit-requests", "3", "--workers", "3", "--replay-fraction", "0.2"]


def arguments(server: FakeServer, *more: str) -> list[str]:
    """Return a small threaded load on ``server``; options in ``more`` win."""
    login = ["--admin-username", ADMIN_USERNAME, "--admin-password", ADMIN_PASSWORD]
    return ["--base-url", server.base_url, *login, *SMALL_LOAD, "--executor", "thread", "--seed", "7", *more]


def run_json(capsys: pytest.CaptureFixture[str], server: FakeServer, *more: str) -> tuple[int, dict[str, Any], str]:
    """Run with ``--json`` and return exit code, document and what went to stderr."""
    code = run(arguments(server, "--json", *more))
    captured = capsys.readouterr()
    return code, json.loads(captured.out), captured.err


@pytest.mark.parametrize("executor", ["thread", "process"])
def test_a_correct_server_passes(executor: str, capsys: pytest.CaptureFixture[str]) -> None:
    with serve() as server:
        code, document, _ = run_json(capsys, server, "--executor", executor)
    assert code == 0
    assert document["ok"] is True
    assert document["failures"] == []
    assert document["sales"]["acknowledged"] == 60
    assert sum(seller["charge_count"] for seller in document["sellers"]) == 60
    for seller in document["sellers"]:
        assert seller["expected_balance"] == seller["actual_balance"] == seller["ledger_balance"]


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        pytest.param(Faults(charge_again_on_replay=True), "not answered as a replay", id="charges-a-replay"),
        pytest.param(Faults(charge_again_behind_the_replay=True), "balance is", id="charges-behind-a-replay"),
        pytest.param(Faults(replay_without_header=True), "not answered as a replay", id="replay-without-header"),
        pytest.param(Faults(replay_with_other_body=True), "another body", id="replay-with-other-body"),
        pytest.param(Faults(replay_on_first_send=True), "sent for the first time", id="replay-on-first-send"),
        pytest.param(Faults(forget_debit_every=25), "balance is", id="loses-a-debit"),
        pytest.param(Faults(lose_entry_every=25), "acknowledged but not in the ledger", id="loses-an-entry"),
        pytest.param(Faults(charge_double_every=25), "in the ledger but not acknowledged", id="charges-twice"),
        pytest.param(Faults(fail_every=25), "answered 500 internal_error", id="answers-500"),
        pytest.param(Faults(balance_off_by="0.01"), "balance is", id="shows-a-wrong-balance"),
        pytest.param(
            Faults(balance_off_by="0.01", balance_off_from_charge=0),
            "just registered",
            id="shows-a-wrong-balance-always",
        ),
        pytest.param(Faults(skip_sequence_at=9), "gap or a duplicate", id="skips-a-sequence"),
        pytest.param(Faults(register_without_seller=True), "lacks seller.id", id="registers-without-seller"),
        pytest.param(Faults(opening_balance="x"), "not a decimal string", id="shows-no-number"),
        pytest.param(Faults(stay_pending=True), "has status 'pending'", id="does-not-verify"),
        pytest.param(Faults(file_another_amount=True), "was filed as", id="files-another-amount"),
        pytest.param(Faults(approve_twice=True), "simultaneous approvals succeeded", id="approves-twice"),
        pytest.param(Faults(credit_twice=True), "balance is", id="credits-twice"),
        pytest.param(Faults(refuse_approval_with="conflict"), "refused with 409 conflict", id="odd-refusal"),
        pytest.param(Faults(deny_reconciliation=True), "reconciliation says", id="denies-reconciliation"),
    ],
)
def test_a_misbehaving_server_fails_the_run(faults: Faults, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    with serve(faults) as server:
        code, document, errors = run_json(capsys, server)
    assert code == 1
    assert document["ok"] is False
    assert reason in "\n".join(document.get("failures", [document["reason"]]))
    assert errors.splitlines()[-1].startswith("FAILED: ")


def test_a_worker_gives_up_on_a_server_that_only_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with serve(Faults(fail_every=1)) as server:
        code, document, _ = run_json(capsys, server, "--num-requests", "90", "--workers", "1")
    assert code == 1
    assert document["failures"][-1] == "90 of 90 sales were not acknowledged"
    assert len(document["failures"]) < 90


def test_lost_answers_are_resent_with_the_same_key(capsys: pytest.CaptureFixture[str]) -> None:
    with serve(Faults(lose_answer_every=10)) as server:
        code, document, _ = run_json(capsys, server)
    assert code == 0
    assert document["sales"]["resent"] > 0


def test_a_busy_server_is_asked_again(capsys: pytest.CaptureFixture[str]) -> None:
    with serve(Faults(busy_every=10, busy_logins=3)) as server:
        code, document, _ = run_json(capsys, server)
    assert code == 0
    assert document["sales"]["resent"] > 0


def test_expired_tokens_are_refreshed_with_few_logins(capsys: pytest.CaptureFixture[str]) -> None:
    with serve(Faults(token_uses=5)) as server:
        code, _, _ = run_json(capsys, server, "--executor", "process")
    assert code == 0
    assert server.refreshes > 0


def test_a_lost_refresh_is_never_sent_twice(capsys: pytest.CaptureFixture[str]) -> None:
    with serve(Faults(token_uses=5, lose_refreshes=2)) as server:
        code, _, _ = run_json(capsys, server)
    assert code == 0
    assert server.refreshes > 2


def test_one_login_per_seller_is_enough_while_tokens_last(capsys: pytest.CaptureFixture[str]) -> None:
    with serve() as server:
        code, _, _ = run_json(capsys, server, "--sellers", "4", "--workers", "6")
    assert code == 0
    assert server.logins == 1 + 4


def test_text_and_report_are_written_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serve() as server:
        code = run(arguments(server, "--report", str(tmp_path / "new")))
    output = capsys.readouterr().out
    assert code == 0
    assert "seed 7" in output
    assert "total_balance_increase" in output
    assert "OK: the balances of all 2 sellers agree" in output
    assert "<table>" in (tmp_path / "new/load-report.html").read_text()


def test_a_wrong_admin_password_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    with serve() as server:
        code = run(arguments(server, "--admin-password", "wrong"))
    assert code == 2
    assert capsys.readouterr().err.startswith("FAILED: the admin login as 'admin' failed: ")


def test_an_unreachable_server_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    code = run(["--base-url", f"http://127.0.0.1:{port}", "--admin-username", "a", "--admin-password", "b"])
    errors = capsys.readouterr().err
    assert code == 2
    assert errors == f"FAILED: no server at http://127.0.0.1:{port} (Connection refused); start it with 'make run'\n"


def test_the_script_runs_from_the_repository_root_with_plain_python() -> None:
    with serve() as server:
        finished = subprocess.run(
            [sys.executable, str(SCRIPT.relative_to(REPOSITORY_ROOT)), *arguments(server, "--executor", "process")],
            cwd=REPOSITORY_ROOT,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert finished.returncode == 0, finished.stderr
    assert "60/60 sales" in finished.stdout
