"""Accidents of the embedded PostgreSQL."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest

from apps.core.database.embedded.server import EmbeddedPostgres, EmbeddedPostgresError
from apps.core.database.roles import open_database
from apps.testing.commands import assert_one_line, manage

pytestmark = pytest.mark.timeout(120)

REPOSITORY = Path(__file__).resolve().parents[4]
START = "import sys; from pathlib import Path; from apps.core.database.embedded.server import EmbeddedPostgres; "
START += "print(EmbeddedPostgres(Path(sys.argv[1]), {'fsync': 'off'}).start())"

HOLD = "import os, sys; from pathlib import Path; from apps.core.database.embedded.home import PostgresHome; "
HOLD += "PostgresHome(Path(sys.argv[1])).hold(); os.execvp('sh', ['sh', '-c', 'echo; exec cat'])"


@contextlib.contextmanager
def cluster() -> Iterator[EmbeddedPostgres]:
    """A cluster that was never started; deleted afterwards. In /tmp for a short path that all users reach."""
    home = Path(tempfile.mkdtemp(prefix="sharj-test-", dir="/tmp"))
    made = EmbeddedPostgres(home, {"fsync": "off"})
    try:
        yield made
    finally:
        made.destroy()


@pytest.fixture
def new() -> Iterator[EmbeddedPostgres]:
    """A cluster that was never started."""
    with cluster() as made:
        yield made


@pytest.fixture(scope="module")
def used() -> Iterator[EmbeddedPostgres]:
    """A cluster that was started and stopped."""
    with cluster() as made:
        made.start()
        made.stop()
        yield made


@pytest.fixture
def embedded(used: EmbeddedPostgres, new: EmbeddedPostgres) -> EmbeddedPostgres:
    """A copy of `used`: initdb, which takes longer than most of these tests, runs once."""
    subprocess.run(["cp", "-a", f"{used.home.path}/.", new.home.path], check=True)
    return new


def start_in_process(embedded: EmbeddedPostgres) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", START, str(embedded.home.path)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)


def run_sql(embedded: EmbeddedPostgres, sql: str, role: str = "app") -> list[tuple[object, ...]]:
    with open_database(embedded.connection(role)) as database, database.cursor() as statement:
        statement.execute(sql)
        return statement.fetchall() if statement.description else []


def postmaster_pid(embedded: EmbeddedPostgres) -> int:
    return int((embedded.home.data / "postmaster.pid").read_text().split()[0])


def wait_until(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_two_starters_at_once_get_one_server(new: EmbeddedPostgres) -> None:
    starters = [start_in_process(new) for _ in range(3)]
    answers = [starter.communicate(timeout=60)[0].strip() for starter in starters]
    assert sorted(answers) == ["False", "False", "True"]
    assert [starter.returncode for starter in starters] == [0, 0, 0]
    assert new.status() == "running"


def test_a_killed_server_starts_again_with_its_data(embedded: EmbeddedPostgres) -> None:
    embedded.start()
    run_sql(embedded, "CREATE TABLE kept AS SELECT 42 AS answer", role="owner")
    os.kill(postmaster_pid(embedded), signal.SIGKILL)
    assert embedded.start() is True
    assert run_sql(embedded, "SELECT answer FROM kept") == [(42,)]


def test_a_start_after_a_killed_initdb_starts_afresh(new: EmbeddedPostgres) -> None:
    with start_in_process(new) as starter:
        # A half-made cluster: initdb has begun to write, and is not done.
        wait_until(lambda: list(new.home.path.glob("initdb-*/data/base")))
        family = psutil.Process(starter.pid).children(recursive=True)
        starter.kill()
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):  # initdb's own children come and go
                process.kill()
    psutil.wait_procs(family, timeout=10)
    assert list(new.home.path.glob("initdb-*"))
    assert not new.home.data.exists()

    assert new.start() is True
    assert list(new.home.path.glob("initdb-*")) == []
    assert run_sql(new, "SELECT 1") == [(1,)]


def test_a_stale_pid_file_that_names_a_live_stranger_is_harmless(embedded: EmbeddedPostgres) -> None:
    embedded.start()
    pid_files = [embedded.home.data / "postmaster.pid", embedded.home.socket_folder / ".s.PGSQL.5432.lock"]
    contents = [pid_file.read_text().split("\n", 1)[1] for pid_file in pid_files]
    embedded.stop()
    # A stranger of the server's own user: the case in which PostgreSQL itself refuses to start.
    identity = {"user": embedded.account.uid} if os.geteuid() == 0 else {}
    with subprocess.Popen(["sleep", "60"], **identity) as stranger:  # type: ignore[call-overload]  # of the ids of a user
        for pid_file, content in zip(pid_files, contents, strict=True):
            pid_file.write_text(f"{stranger.pid}\n{content}")
        assert embedded.stop() is False
        assert embedded.start() is True
        embedded.stop()
        assert stranger.poll() is None
        stranger.kill()


def test_a_frozen_server_is_not_called_running(embedded: EmbeddedPostgres) -> None:
    embedded.start()
    os.kill(postmaster_pid(embedded), signal.SIGSTOP)
    try:
        assert embedded.status() == "not answering"
    finally:
        os.kill(postmaster_pid(embedded), signal.SIGCONT)


def test_no_tcp_port_is_open(embedded: EmbeddedPostgres) -> None:
    embedded.start()
    assert run_sql(embedded, "SHOW listen_addresses") == [("",)]
    server = psutil.Process(postmaster_pid(embedded))
    assert [each for each in server.net_connections("inet") if each.status == psutil.CONN_LISTEN] == []


def test_the_socket_folder_is_private(embedded: EmbeddedPostgres) -> None:
    embedded.start()
    assert embedded.account.owns(embedded.home.socket_folder)
    assert (embedded.home.path / "passwords.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("role", ["app", "owner", "superuser"])
def test_a_wrong_password_is_refused(embedded: EmbeddedPostgres, role: str) -> None:
    embedded.start()
    login = {**embedded.connection(role), "PASSWORD": "wrong"}
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"), open_database(login):
        pass


def test_the_server_does_not_run_as_root(embedded: EmbeddedPostgres) -> None:
    embedded.start()
    uids = {psutil.Process(pid).uids().real for pid in embedded._processes()}
    assert uids == {embedded.account.uid}
    assert 0 not in uids


def test_the_application_role_may_use_tables_but_not_make_them(embedded: EmbeddedPostgres) -> None:
    embedded.start()
    run_sql(embedded, "CREATE TABLE thing (id bigint GENERATED ALWAYS AS IDENTITY, name text)", role="owner")
    assert run_sql(embedded, "INSERT INTO thing (name) VALUES ('a') RETURNING name") == [("a",)]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        run_sql(embedded, "CREATE TABLE other ()")
    assert run_sql(embedded, "SHOW lock_timeout") == [("2s",)]


def test_a_start_completes_a_server_whose_starter_was_killed(embedded: EmbeddedPostgres) -> None:
    embedded.start()
    with open_database(embedded.connection("superuser", "postgres")) as database, database.cursor() as statement:
        statement.execute("DROP DATABASE sharj")
    assert embedded.start() is False
    assert run_sql(embedded, "SELECT 1") == [(1,)]


def test_a_socket_folder_of_another_maker_is_refused() -> None:
    home = Path(tempfile.mkdtemp(prefix="sharj-test-" + "x" * 80, dir="/tmp"))
    embedded = EmbeddedPostgres(home, {"fsync": "off"})
    assert embedded.home.socket_folder.parent == Path("/tmp")
    assert len(str(embedded.home.socket_folder)) < 80
    embedded.home.socket_folder.mkdir(mode=0o777)
    try:
        with pytest.raises(EmbeddedPostgresError, match="private folder"):
            embedded.start()
    finally:
        embedded.destroy()


def test_lost_passwords_are_not_replaced(embedded: EmbeddedPostgres) -> None:
    embedded.start()
    passwords = embedded.home.path / "passwords.json"
    kept = passwords.read_text()
    passwords.unlink()
    with pytest.raises(EmbeddedPostgresError, match=r"passwords\.json is missing"):
        embedded.connection()
    passwords.write_text(kept)


def test_an_unusable_home_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedPostgresError, match="Cannot use"):
        EmbeddedPostgres(tmp_path / "file" / "home").start()


def test_a_wrong_server_setting_is_one_clear_line(embedded: EmbeddedPostgres) -> None:
    wrong = EmbeddedPostgres(embedded.home.path, {"fsync": "off", "shared_buffers": "many"})
    with pytest.raises(EmbeddedPostgresError, match=r"did not start: .*shared_buffers"):
        wrong.start()


@pytest.mark.parametrize("user", ["session", "server"])
@pytest.mark.parametrize("action", ["stop", "destroy"])
def test_a_database_in_use_is_not_stopped_without_a_yes(embedded: EmbeddedPostgres, action: str, user: str) -> None:
    embedded.start()
    environment = {"EMBEDDED_POSTGRES_DIR": str(embedded.home.path), "DATABASE_HOST": ""}
    with open_database(embedded.connection()) if user == "session" else held(embedded):
        refused = manage("db", action, environment=environment)
        assert_one_line(refused, "1 sessions are open" if user == "session" else "A server uses this database")
        assert run_sql(embedded, "SELECT 1") == [(1,)]
        assert manage("db", action, environment={**environment, "CONFIRM": "1"}).returncode == 0
    assert not embedded.is_running()
    assert embedded.home.data.exists() == (action == "stop")


@contextlib.contextmanager
def held(embedded: EmbeddedPostgres) -> Iterator[None]:
    """A program that marks the database as in use and then becomes another, as `manage.py serve` becomes gunicorn."""
    command = [sys.executable, "-c", HOLD, str(embedded.home.path)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        yield
        process.kill()


def test_an_idle_database_is_stopped_at_once_and_deleted_after_a_yes(embedded: EmbeddedPostgres) -> None:
    environment = {"EMBEDDED_POSTGRES_DIR": str(embedded.home.path), "DATABASE_HOST": ""}
    embedded.start()
    assert manage("db", "stop", environment=environment).returncode == 0
    assert_one_line(manage("db", "destroy", environment=environment), "Delete the embedded database with all its data?")
    assert embedded.home.data.exists()
