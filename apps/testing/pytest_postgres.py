"""pytest plugin: a private PostgreSQL for the test session.

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
from pathlib import Path

import psutil
import pytest

from apps.core.database.embedded.server import EmbeddedPostgres

# The folder's name holds the pid of its session. It is in /tmp, which the user of root's server can enter, and where
# the socket's path stays short.
PREFIX = "sharj-pytest-"
PARENT = Path("/tmp")
UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


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
    if not os.environ["DATABASE_HOST"] and "PYTEST_XDIST_WORKER" not in os.environ:
        _remove_abandoned()
        home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=PARENT))
        embedded = EmbeddedPostgres(home, UNSAFE_BUT_FAST)
        early_config.add_cleanup(embedded.destroy)
        embedded.start()
        os.environ["EMBEDDED_POSTGRES_DIR"] = str(home)
    return (yield)


def _remove_abandoned() -> None:
    """Remove the servers of sessions that were killed."""
    for home in PARENT.glob(f"{PREFIX}*"):
        match = re.match(rf"{PREFIX}(\d+)-", home.name)
        if match and home.stat().st_uid == os.geteuid() and not _is_alive(int(match[1])):
            EmbeddedPostgres(home).stop()
            shutil.rmtree(home, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
