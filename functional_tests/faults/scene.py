"""Scene of a fault: PostgreSQL, gunicorn, clients at work, and the notes taken on the way."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psutil

from apps.core.database.embedded.programs import find_server_processes
from apps.core.database.embedded.server import EmbeddedPostgres
from apps.core.database.roles import open_database
from functional_tests.faults.journal import Attempt, read
from functional_tests.faults.proxy import RandomCutter
from functional_tests.faults.verdict import Entry
from functional_tests.performance.settings import REPOSITORY_ROOT

RECOVERY_LIMIT_SECONDS = 20.0
STOP_LIMIT_SECONDS = 30.0


@dataclass
class Scene:
    """One fault's surroundings. `tokens`: one client each."""

    name: str
    postgres: EmbeddedPostgres
    gunicorn_pid: int
    port: int
    tokens: Sequence[str]
    rng: Random
    journals: Path
    cutter: RandomCutter
    notes: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def attempts(self) -> list[Attempt]:
        """Return all that clients have written down until now."""
        return list(read(sorted(self.journals.glob("*.jsonl"))))

    def require(self, holds: bool, complaint: str) -> None:
        """Note `complaint` unless `holds`."""
        if not holds:
            self.complaints.append(complaint)

    @contextmanager
    def load(self) -> Iterator[None]:
        """Keep the clients selling while the block runs; then let each of them finish its last charge."""
        with_path = {**os.environ, "PYTHONPATH": str(REPOSITORY_ROOT)}
        clients = []
        for number, token in enumerate(self.tokens):
            name = f"{self.name}-{number}"
            seed = str(self.rng.random())
            command = [sys.executable, "-m", "functional_tests.faults.load", name, str(self.port)]
            command += [str(self.journals / f"{name}.jsonl"), seed]
            clients.append(subprocess.Popen(command, env={**with_path, "FAULTS_TOKEN": token}, cwd=REPOSITORY_ROOT))
        try:
            yield
        finally:
            for client in clients:
                client.terminate()
            for client in clients:
                try:
                    client.wait(STOP_LIMIT_SECONDS)
                except subprocess.TimeoutExpired:
                    client.kill()
                    self.complaints.append("a client did not end")

    def await_sales(self, since: float) -> None:
        """Wait until every client has sold something after `since`, for a bounded time."""
        deadline = time.monotonic() + RECOVERY_LIMIT_SECONDS
        while time.monotonic() < deadline:
            sold = {attempt.client for attempt in self.attempts() if attempt.status == 201 and attempt.at >= since}
            if len(sold) == len(self.tokens):
                return
            time.sleep(0.1)

    def server_processes(self) -> set[int]:
        """Return the pids of PostgreSQL: the postmaster's and all its children's."""
        return find_server_processes(self.postgres.home.cluster_name, self.postgres.account)

    def signal_postgres(self, number: signal.Signals) -> None:
        """Send a signal to every process of PostgreSQL."""
        for pid in self.server_processes():
            signal_process(pid, number)

    def workers(self) -> list[int]:
        """Return the pids of gunicorn's workers."""
        return [child.pid for child in psutil.Process(self.gunicorn_pid).children()]

    def execute(self, *statements: str) -> list[Any]:
        """Run statements as the cluster's superuser; return the rows of the last one."""
        with open_database(self.postgres.connection("superuser")) as database, database.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


def signal_process(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def sold_entries(postgres: EmbeddedPostgres, prefix: str) -> list[Entry]:
    """Return the charges whose key begins with `prefix`, from the ledger itself."""
    with open_database(postgres.connection("superuser")) as database, database.cursor() as cursor:
        cursor.execute(
            "SELECT id::text, idempotency_key, amount::text FROM transactions_ledgerentry"
            " WHERE starts_with(idempotency_key, %s)",
            [prefix],
        )
        return [Entry(*row) for row in cursor.fetchall()]
