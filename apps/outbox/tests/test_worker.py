"""The worker as a process: what it holds when it is told to end, killed, or loses the database."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from apps.core.database.logins import database_login
from apps.core.database.roles import open_database
from apps.outbox.jobs import enqueue, register_job
from apps.testing.jobs import forget_jobs, jobs
from config.env_file import REPOSITORY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]

PATIENCE_SECONDS = 90.0
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a worker whose job `hold` waits for the file `release`; end all at the end."""
    settings = connection.settings_dict
    environment = {
        **os.environ,
        **{f"DATABASE_{name}": str(settings[name]) for name in ("HOST", "PORT", "NAME", "USER", "PASSWORD")},
        "HELD_FOLDER": str(tmp_path),
        "WORKER_HEARTBEAT_FILE": str(tmp_path / "alive"),
    }
    started: list[subprocess.Popen[bytes]] = []
    register_job("hold", lambda subject_id: None)

    def run(*command: str) -> "subprocess.Popen[bytes]":
        line = command or (sys.executable, "-m", "apps.outbox.tests.worker_process")
        started.append(subprocess.Popen(line, cwd=REPOSITORY, env=environment))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()
    del app.tasks["hold"]
    forget_jobs()


def until(condition: Callable[[], object]) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def lines(folder: Path) -> list[str]:
    """Return what the workers left."""
    file = folder / "lines"
    return file.read_text().splitlines() if file.exists() else []


def queue_one() -> UUID:
    """Queue a job and return its subject."""
    subject = uuid4()
    enqueue("hold", subject, lock=subject)
    return subject


def test_sigterm_lets_it_finish_what_it_holds_and_begin_nothing_more(start: Start, tmp_path: Path) -> None:
    worker = start()
    held = queue_one()
    until(lambda: f"begun {held}" in lines(tmp_path))

    worker.send_signal(signal.SIGTERM)
    time.sleep(1)  # it has read the signal
    later = queue_one()
    (tmp_path / "release").touch()

    assert worker.wait(PATIENCE_SECONDS) == 0
    assert lines(tmp_path) == [f"begun {held}", f"done {held}", "ended"]
    [job] = [job for job in jobs() if job["task_name"] == "hold"]
    assert (job["args"]["subject_id"], job["status"]) == (str(later), "todo")


def test_what_a_killed_worker_held_is_done_by_another(start: Start, tmp_path: Path) -> None:
    killed = start()
    held = queue_one()
    until(lambda: f"begun {held}" in lines(tmp_path))
    killed.kill()
    killed.wait()
    (tmp_path / "release").touch()
    other = start()

    until(lambda: f"done {held}" in lines(tmp_path))

    assert lines(tmp_path) == [f"begun {held}", f"begun {held}", f"done {held}"]
    until(lambda: not ProcrastinateJob.objects.filter(task_name="hold").exists())
    other.send_signal(signal.SIGTERM)
    assert other.wait(PATIENCE_SECONDS) == 0


def test_it_goes_on_after_it_has_lost_every_connection(start: Start, tmp_path: Path) -> None:
    start()
    (tmp_path / "release").touch()
    before = queue_one()
    until(lambda: f"done {before}" in lines(tmp_path))

    with open_database(database_login("superuser", "postgres")) as database, database.cursor() as statement:
        statement.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = %s AND pid <> %s",
            [connection.settings_dict["NAME"], connection.settings_dict["USER"], _own_pid()],
        )
    after = queue_one()

    until(lambda: f"done {after}" in lines(tmp_path))
    until(lambda: ProcrastinateWorker.objects.exists())


def _own_pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_it_ends_with_its_parent(start: Start, tmp_path: Path) -> None:
    parent = start("sh", "-c", f"{sys.executable} -m apps.outbox.tests.worker_process $$ & wait")
    held = queue_one()
    until(lambda: f"begun {held}" in lines(tmp_path))
    (tmp_path / "release").touch()

    parent.kill()

    until(lambda: "ended" in lines(tmp_path))
    until(lambda: not ProcrastinateWorker.objects.exists())


def test_it_shows_that_it_is_alive(start: Start, tmp_path: Path) -> None:
    start()
    until((tmp_path / "alive").exists)
    (tmp_path / "alive").unlink()

    until((tmp_path / "alive").exists)
