"""The jobs of the night on the running stack: their stamps and records, and the weekly test of a restored backup."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest

from functional_tests.production.load import run_load
from functional_tests.production.processes import Program, free_port, wait_for
from functional_tests.production.stack import Stack

pytestmark = pytest.mark.timeout(300)


def execute(stack: Stack, port: int, statement: str) -> int:
    """Carry out a superuser's statement; return the number that it gives, or how many rows it changed."""
    with psycopg2.connect(
        host="127.0.0.1", port=port, user="postgres", dbname="sharj", password=stack.superuser_password
    ) as link, link.cursor() as cursor:  # fmt: skip
        cursor.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return int(row[0]) if row else cursor.rowcount


def restore_and_verify(stack: Stack, spoil: Callable[[int], None]) -> tuple[int, set[str]]:
    """Run the weekly test beside the schedule, as their two containers do; return its exit code and the new stamps."""
    stamps, port = stack.folder / "stamps", free_port()
    for stamp in stamps.iterdir():
        stamp.unlink()
    environment = {
        **stack.postgres_environment("postgres"), "SCRATCH_DIR": str(stack.private("scratch")), "PORT": str(port),
        "HBA_FILE": f"{stack.folder}/scripts-postgres/pg_hba.conf", "DATABASE_PASSWORD": stack.secrets["app"],
    }  # fmt: skip
    account = stack.postgres.account.name or None
    script = stack.folder / "scripts-backup/restore_test.sh"
    test = Program("restore-test", [script], stack.folder, environment=environment, user=account, cwd=Path("/"))
    test.start()
    assert test.process is not None
    process = test.process
    wait_for(lambda: (stamps / "restored").exists() or process.poll() is not None, "restored backup", 120)
    assert (stamps / "restored").exists(), test.tail()
    spoil(port)
    settings = {"JOB_STAMPS_DIR": str(stamps), "SEALS_DIR": str(stamps), "RESTORED_DATABASE": f"127.0.0.1:{port}"}
    done = stack.run(["python", "manage.py", "schedule", "--once"], stack.environment(**settings))
    assert done.returncode == 0, done.stdout + done.stderr
    return process.wait(60), {stamp.name for stamp in stamps.iterdir() if not stamp.name.startswith("ledger-")}


def test_jobs_run_are_recorded_and_find_a_backup_that_is_wrong(stack: Stack) -> None:
    run_load(stack, "--sellers", "2", "--num-requests", "100", "--workers", "4")
    done = stack.script("postgres", "backup/backup.sh")
    assert done.returncode == 0, done.stderr
    runs = "SELECT count(*) FROM transactions_reconciliationrun"
    before = execute(stack, stack.ports["postgres"], runs)

    code, stamps = restore_and_verify(stack, lambda port: None)
    assert code == 0
    assert stamps == {"restored", "restored_ledger.ok", "summaries.ok", "events.ok", "reconciliation.ok", "seal.ok"}
    assert execute(stack, stack.ports["postgres"], runs) == before + 1
    assert len(list((stack.folder / "stamps").glob("ledger-*.seal"))) == 1

    def spoil(port: int) -> None:
        assert execute(stack, port, (
            "SET session_replication_role = replica;"  # past the guards, as a damaged page is
            "UPDATE transactions_ledgerentry SET phone_number = '+989120000000' WHERE type = 'charge_sale'"
        ))  # fmt: skip

    code, stamps = restore_and_verify(stack, spoil)
    assert code == 1
    assert {"restored_ledger.failed", "reconciliation.ok", "seal.ok"} < stamps
