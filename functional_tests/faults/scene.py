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
        return attempts_in(self.journals)

    def require(self, holds: bool, complaint: str) -> None:
        """Note `complaint` unless `holds`."""
        if not holds:
            self.complaints.append(complaint)

    @contextmanager
    def load(self) -> Iterator[None]:
        """Keep the clients selling while the block runs; then let each of them finish its last charge."""
        with clients_selling(self.name, self.port, self.tokens, self.rng, self.journals) as complaints:
            yield
        self.complaints += complaints

    def await_sales(self, since: float) -> None:
        """Wait until every client has sold something after `since`, for a bounded time."""
        await_sales(self.journals, len(self.tokens), since)

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


@contextmanager
def clients_selling(name: str, port: int, tokens: Sequence[str], rng: Random, journals: Path) -> Iterator[list[str]]:
    """Keep a client for each token selling while the block runs; yield the complaints about those that do not end."""
    with_path = {**os.environ, "PYTHONPATH": str(REPOSITORY_ROOT)}
    clients, complaints = [], list[str]()
    for number, token in enumerate(tokens):
        command = [sys.executable, "-m", "functional_tests.faults.load", f"{name}-{number}", str(port)]
        command += [str(journals / f"{name}-{number}.jsonl"), str(rng.random())]
        clients.append(subprocess.Popen(command, env={**with_path, "FAULTS_TOKEN": token}, cwd=REPOSITORY_ROOT))
    try:
        yield complaints
    finally:
        for client in clients:
            client.terminate()
        for client in clients:
            try:
                client.wait(STOP_LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                client.kill()
                complaints.append("a client did not end")


def attempts_in(journals: Path) -> list[Attempt]:
    """Return all that clients have written down until now."""
    return list(read(sorted(journals.glob("*.jsonl"))))


def await_sales(journals: Path, clients: int, since: float) -> None:
    """Wait until so many clients have sold something after `since`, for a bounded time."""
    deadline = time.monotonic() + RECOVERY_LIMIT_SECONDS
    while time.monotonic() < deadline:
        attempts = attempts_in(journals)
        if len({attempt.client for attempt in attempts if attempt.status == 201 and attempt.at >= since}) == clients:
            return
        time.sleep(0.1)


def sold_entries(superuser: dict[str, str], prefix: str) -> list[Entry]:
    """Return the charges whose key begins with `prefix`, from the ledger itself."""
    with open_database(superuser) as database, database.cursor() as cursor:
        cursor.execute(
            "SELECT id::text, idempotency_key, amount::text FROM transactions_ledgerentry"
            " WHERE starts_with(idempotency_key, %s)",
            [prefix],
        )
        return [Entry(*row) for row in cursor.fetchall()]
