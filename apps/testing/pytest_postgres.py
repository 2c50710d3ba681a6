"""pytest plugin: a private PostgreSQL for each process that runs tests.

A database of its own would not do for a process of pytest-xdist: tests also change roles, settings and locks, which
belong to the server.

It is loaded with `-p` (pyproject.toml), because a conftest.py is read after pytest-django has loaded the settings, and
these need to know where the database is. Tests never use a database that only `.env` names: DATABASE_HOST counts when
it is in the real environment, as in CI.
"""

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from apps.core.database.embedded.server import EmbeddedPostgres, EmbeddedPostgresError

# The folder's name holds the pid of its process. It is in /tmp, which the user of root's server can enter, and where
# the socket's path stays short.
PREFIX = "sharj-pytest-"
PARENT = Path("/tmp")
UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "scram_iterations": "1"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--pgbouncer`."""
    parser.addoption("--pgbouncer", action="store_true", help="tests reach PostgreSQL through PgBouncer")


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark of tests that watch or end the server's side of their own connection."""
    config.addinivalue_line("markers", "own_connection: looks at its own session in PostgreSQL; not through a pool")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip those tests behind PgBouncer, where no session is a client's own."""
    if config.getoption("pgbouncer"):
        for item in items:
            if item.get_closest_marker("own_connection"):
                item.add_marker(pytest.mark.skip(reason="behind a pool no session is the client's own"))


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Start the server before the settings are loaded, and stop it at every end of the session."""
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
    os.environ.setdefault("DATABASE_HOST", "")
    os.environ.setdefault("DATABASE_REPLICA_HOST", "")
    if early_config.known_args_namespace.pgbouncer:
        os.environ["TEST_THROUGH_PGBOUNCER"] = "1"
        os.environ["DATABASE_POOL_MODE"] = "transaction"
    if not os.environ["DATABASE_HOST"]:
        _make_server(early_config)
    elif _distributes(early_config):
        raise pytest.UsageError("Processes of -n need a PostgreSQL each: unset DATABASE_HOST, or leave out -n.")
    return (yield)


def _make_server(config: pytest.Config) -> None:
    home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=PARENT))
    embedded = EmbeddedPostgres(home, UNSAFE_BUT_FAST)
    os.environ["EMBEDDED_POSTGRES_DIR"] = str(home)
    if not _is_worker():
        _remove_abandoned()
        # At the end too: a worker that does not stop in time is killed.
        config.add_cleanup(_remove_abandoned)
    config.add_cleanup(embedded.destroy)
    if not _distributes(config):
        embedded.start()


def _is_worker() -> bool:
    return "PYTEST_XDIST_WORKER" in os.environ


def _distributes(config: pytest.Config) -> bool:
    """Tell whether this process hands all tests to workers, and runs none."""
    return bool(getattr(config.known_args_namespace, "numprocesses", None)) and not _is_worker()


def _remove_abandoned() -> None:
    """Remove the servers of processes that were killed."""
    for home in PARENT.glob(f"{PREFIX}*"):
        match = re.match(rf"{PREFIX}(\d+)-", home.name)
        with suppress(FileNotFoundError, EmbeddedPostgresError):  # another session removes it too
            if match and home.stat().st_uid == os.geteuid() and not _is_alive(int(match[1])):
                EmbeddedPostgres(home).stop()
                shutil.rmtree(home, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
