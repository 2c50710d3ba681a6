"""The drill: sell, back up, sell more, lose the server, restore to a moment, and find every balance in order."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from functional_tests.production.load import run_load
from functional_tests.production.places import DEPLOY, REPOSITORY
from functional_tests.production.processes import Program, wait_for
from functional_tests.production.stack import Stack

pytestmark = pytest.mark.timeout(600)
SALES = os.environ.get("STACK_FAULT_SALES", "1000")


class Drill:
    """A stack whose PostgreSQL archives its WAL as compose tells it to."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.account = stack.postgres.account.name or None
        # As the postgres image has them: where its user can read them.
        self.scripts = shutil.copytree(DEPLOY / "backup", stack.folder / "backup")
        # The pg_verifybackup of the PyPI package dies of a segmentation fault (18.4, on whole backups too). The
        # image's is PostgreSQL's own build. Here the restore is the proof that the backup is whole.
        self.shims = stack.folder / "shims"
        self.shims.mkdir()
        (self.shims / "pg_verifybackup").symlink_to("/bin/true")
        self.backups = stack.folder / "backups"
        self.backups.mkdir()
        if self.account:
            shutil.chown(self.backups, self.account)

    def archive(self) -> None:
        """Restart PostgreSQL with the options of docker-compose.prod.yaml."""
        text = (REPOSITORY / "docker-compose.prod.yaml").read_text()
        options = re.findall(r"-c((?:wal_level|archive_\w+)=.+)", text)
        server = self.stack.programs["postgres"]
        server.stop(signal.SIGINT)
        for option in options:
            server.command += ["-c", option.replace("/usr/local/bin/archive_wal", str(self.scripts / "archive_wal.sh"))]
        server.environment["BACKUP_DIR"] = str(self.backups)
        server.start()
        wait_for(self.is_up, "PostgreSQL")

    def is_up(self) -> bool:
        """Tell whether the server answers queries; it accepts connections a little earlier."""
        try:
            return self.query("SELECT 1") == "1"
        except psycopg2.OperationalError:
            return False

    def script(self, name: str, *arguments: str) -> None:
        """Run a script of deploy/backup as the server's user."""
        environment = {
            "BACKUP_DIR": str(self.backups), "DATABASE_NAME": "sharj", "PGHOST": "127.0.0.1",
            "PGPORT": str(self.stack.ports["postgres"]), "PGUSER": "postgres",
            "PGPASSWORD": self.stack.superuser_password,
            "PATH": f"{self.shims}:{self.stack.postgres.bin('psql').parent}:/usr/bin:/bin",
        }  # fmt: skip
        done = subprocess.run(
            [self.scripts / name, *arguments], env=environment, user=self.account, cwd="/",
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def query(self, statement: str) -> str:
        """Return the one value that a superuser's statement gives."""
        database = psycopg2.connect(
            host="127.0.0.1", port=self.stack.ports["postgres"], user="postgres", dbname="sharj",
            password=self.stack.superuser_password,
        )  # fmt: skip
        try:
            database.autocommit = True
            with database.cursor() as cursor:
                cursor.execute(statement)
                row = cursor.fetchone()
            return str(row[0]) if row else ""
        finally:
            database.close()

    def destroy_and_restore(self, moment: str) -> None:
        """Lose the data folder, restore it as of `moment`, and start the server on the same port."""
        self.stack.programs["postgres"].stop(signal.SIGKILL)
        data = self.stack.postgres.home.data
        shutil.rmtree(data)
        restored = self.stack.folder / "restored"
        restored.mkdir(mode=0o700)
        if self.account:
            shutil.chown(restored, self.account)
        self.script("restore.sh", str(restored), moment)
        old = self.stack.programs["postgres"]
        command = [part.replace(str(data), str(restored)) for part in old.command]
        server = Program("postgres", command, self.stack.folder, port=old.port, user=self.account, cwd=Path("/"))
        server.environment["BACKUP_DIR"] = str(self.backups)
        self.stack.programs["postgres"] = server
        server.start()
        wait_for(self.is_up, "PostgreSQL")
        deadline = time.monotonic() + 120
        while self.query("SELECT pg_is_in_recovery()") == "True":
            assert time.monotonic() < deadline
            time.sleep(0.2)


@pytest.fixture
def drill(programs: None) -> Iterator[Drill]:
    with Stack() as running:
        prepared = Drill(running)
        prepared.archive()
        yield prepared


def test_restore_to_a_moment(drill: Drill) -> None:
    stack, options = drill.stack, ("--sellers", "3", "--num-requests", SALES, "--workers", "8")
    run_load(stack, *options)
    start = time.monotonic()
    drill.script("backup.sh")
    backup_seconds = time.monotonic() - start
    run_load(stack, *options)
    entries = drill.query("SELECT count(*) FROM transactions_ledgerentry")
    moment = drill.query("SELECT now()")
    time.sleep(1)
    run_load(stack, *options)
    assert int(drill.query("SELECT count(*) FROM transactions_ledgerentry")) > int(entries)
    drill.query("SELECT pg_switch_wal()")
    while drill.query("SELECT count(*) FROM pg_ls_dir('pg_wal/archive_status') f WHERE f LIKE '%.ready'") != "0":
        time.sleep(0.2)

    start = time.monotonic()
    drill.destroy_and_restore(moment)
    restore_seconds = time.monotonic() - start
    assert drill.query("SELECT count(*) FROM transactions_ledgerentry") == entries  # all before, nothing after
    for command in ("reconcile_balances", "verify_ledger"):
        done = stack.run(["python", "manage.py", command], stack.direct())
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    document = run_load(stack, *options)  # and it serves again
    assert document["ok"]
    print(
        f"\nbackup of {entries} entries' server: {backup_seconds:.1f} s; "
        f"restored to a moment between two loads in {restore_seconds:.1f} s, every entry before it there, none after"
    )
