"""manage.py in wrong surroundings: one line on stderr, and a non-zero exit."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from apps.core.database.embedded.server import EmbeddedPostgres
from apps.core.database.logins import is_embedded
from apps.testing.commands import assert_one_line, manage
from config.env_file import REPOSITORY

pytestmark = pytest.mark.timeout(60)


EXTERNAL = {"DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": "1", "DATABASE_USER": "u", "DATABASE_PASSWORD": "p"}


SLOW_BOOT = "import sys, time\nif 'gunicorn' in sys.orig_argv: print('gunicorn boots', flush=True); time.sleep(2)\n"

embedded_only = pytest.mark.skipif(not is_embedded(), reason="asks the embedded PostgreSQL of the session")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout without a `.env`."""
    shutil.copy(REPOSITORY / "manage.py", tmp_path)
    for name in ("config", "apps"):
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"SECRET_KEY=x\nmy secret\n", ".env has a line that is not NAME=value"), (b"A=\xff\n", "Cannot read .env")],
)
def test_a_broken_env_file(checkout: Path, content: bytes, complaint: str) -> None:
    (checkout / ".env").write_bytes(content)
    result = manage("check", at=checkout)
    assert_one_line(result, complaint)
    assert "my secret" not in result.stderr


def test_a_missing_secret_key(checkout: Path) -> None:
    assert_one_line(manage("check", at=checkout, environment={"SECRET_KEY": None}), "SECRET_KEY")


@pytest.mark.parametrize("command", ["migrate", "showmigrations"])
def test_an_unreachable_database(command: str) -> None:
    assert_one_line(manage(command, environment=EXTERNAL), "port 1 failed")


def test_a_traceback_on_demand(checkout: Path) -> None:
    assert "Traceback" in manage("check", at=checkout, environment={"SECRET_KEY": None, "DEBUG_TRACEBACK": "1"}).stderr


def test_an_unknown_database_role() -> None:
    assert_one_line(
        manage("check", environment={"DATABASE_HOST": "", "DATABASE_ROLE": "king"}), "no database role 'king'"
    )


def test_serve_with_its_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = manage("serve", environment={"PORT": port, "EMBEDDED_POSTGRES_DIR": str(tmp_path / "postgres")})
    assert_one_line(result, f"127.0.0.1:{port}: Address already in use")
    assert not (tmp_path / "postgres" / "data").exists()


def test_serve_with_a_port_that_is_none() -> None:
    assert_one_line(manage("serve", environment={"PORT": "http"}), "PORT must be a number")


@pytest.fixture
def embedded() -> Iterator[EmbeddedPostgres]:
    """A database of the test's own, in /tmp, which the server's user can enter."""
    embedded = EmbeddedPostgres(Path(tempfile.mkdtemp(prefix="sharj-test-", dir="/tmp")), {"fsync": "off"})
    yield embedded
    embedded.destroy()


@embedded_only
@pytest.mark.timeout(240)
def test_ctrl_c_while_gunicorn_boots_is_quiet_and_stops_the_database(
    embedded: EmbeddedPostgres, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(SLOW_BOOT)
    own = {"EMBEDDED_POSTGRES_DIR": str(embedded.home.path), "DATABASE_HOST": "", "PORT": str(free_port())}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=REPOSITORY, env={**os.environ, **own, "PYTHONPATH": str(tmp_path)}, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    said = ""
    while "gunicorn boots" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    os.killpg(process.pid, signal.SIGINT)
    said += process.communicate(timeout=120)[0]
    assert "Traceback" not in said
    assert not embedded.is_running()


@embedded_only
@pytest.mark.timeout(300)
def test_serve_starts_the_worker_of_the_queue_and_ends_it(embedded: EmbeddedPostgres, tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    own = {
        "EMBEDDED_POSTGRES_DIR": str(embedded.home.path), "DATABASE_HOST": "", "PORT": str(free_port()),
        "WORKER_HEARTBEAT_FILE": str(alive),
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "manage.py", "serve"], cwd=REPOSITORY, env={**os.environ, **own})
    deadline = time.monotonic() + 200
    while not alive.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    workers = [child for child in psutil.Process(process.pid).children() if "worker" in child.cmdline()]

    process.send_signal(signal.SIGTERM)

    assert process.wait(60) == 0
    assert len(workers) == 1
    assert not workers[0].is_running()
    assert not embedded.is_running()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_db_commands_leave_an_external_server_alone() -> None:
    assert_one_line(manage("db", "stop", environment=EXTERNAL), "DATABASE_HOST is set")


@embedded_only
def test_db_status_exits_0_only_for_a_running_server(tmp_path: Path) -> None:
    assert manage("db", "status").returncode == 0
    assert manage("db", "status", environment={"EMBEDDED_POSTGRES_DIR": str(tmp_path)}).returncode == 3


def test_a_stopped_embedded_database_says_how_to_start_it(tmp_path: Path) -> None:
    result = manage("showmigrations", environment={"DATABASE_HOST": "", "EMBEDDED_POSTGRES_DIR": str(tmp_path)})
    assert_one_line(result, "Start it with `manage.py db start`")


@embedded_only
@pytest.mark.parametrize(("role", "user"), [("app", "sharj_app"), ("owner", "sharj_owner"), ("superuser", "postgres")])
def test_db_psql_logs_in_as_the_chosen_role(role: str, user: str) -> None:
    result = manage("db", "psql", "--role", role, "--", "-XAtc", "SELECT current_user")
    assert (result.returncode, result.stdout.strip()) == (0, user)


@pytest.mark.parametrize(
    ("name", "value"), [("BUSINESS_TIME_ZONE", "Mars"), ("PHONE_REGION", "XX"), ("CURRENCY", "rial")]
)
def test_a_setting_that_names_nothing(name: str, value: str) -> None:
    assert_one_line(manage("check", environment={name: value}), f"{name} must be")


def test_a_generated_secret_key_needs_no_settings_and_never_repeats_itself() -> None:
    nothing = {
        "SECRET_KEY": None,
        "DATABASE_HOST": "db.invalid",
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
    }
    results = [manage("generate_secret_key", environment=nothing) for _ in range(2)]
    assert [result.returncode for result in results] == [0, 0], results[0].stderr
    keys = [result.stdout.strip() for result in results]
    assert keys[0] != keys[1]
    # No character that an .env file or a shell would take for something else; longer than production asks for.
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{60,}", key) for key in keys)
