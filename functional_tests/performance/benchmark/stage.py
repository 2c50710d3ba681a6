"""Stage of a run: settings and a PostgreSQL of its own. Imports nothing of Django before it is set up."""

import logging
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.core.database.embedded.server import EmbeddedPostgres
from functional_tests.performance.errors import CannotStart
from functional_tests.performance.settings import REPOSITORY_ROOT

SETTINGS_MODULE = "functional_tests.performance.benchmark.settings"
# As a server that matters is run: every commit is on disk before it is answered. The rest keeps checkpoints, which
# would hit one case and not another, out of the way.
POSTGRES_SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
}


@contextmanager
def open_stage(home: Path | None = None) -> Iterator[EmbeddedPostgres]:
    """Start a PostgreSQL in `home`, migrate it and set Django up on it; stop it at the end.

    Without a `home` it is a temporary one, which is deleted. Import nothing of Django before this is entered.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # In /tmp, where a server of root's can come as another user.
    folder = home or Path(tempfile.mkdtemp(prefix="sharj-bench-", dir="/tmp"))
    postgres = EmbeddedPostgres(folder, POSTGRES_SETTINGS)
    try:
        postgres.start()
        os.environ.update(environment_of_server(postgres.home.path))
        _migrate()
        set_up_django()
        yield postgres
    finally:
        if home is None:
            postgres.destroy()
        else:
            postgres.stop()


def environment_of_server(home: Path) -> dict[str, str]:
    """Return the environment of a small production server; it wins over `.env`."""
    return {
        "DJANGO_SETTINGS_MODULE": SETTINGS_MODULE,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "WEBHOOK_ENCRYPTION_KEY": secrets.token_urlsafe(32),
        "DEBUG": "false",
        "ALLOWED_HOSTS": "127.0.0.1",
        "SECURE_SSL_REDIRECT": "false",
        "DATABASE_HOST": "",
        "DATABASE_ROLE": "app",
        "DATABASE_POOL_MODE": "session",
        "EMBEDDED_POSTGRES_DIR": str(home),
        "GUNICORN_STOPS_POSTGRES": "",
        # A worker that is replaced closes idle connections; a load generator that is just using one counts an error.
        "GUNICORN_MAX_REQUESTS": "0",
        "LOG_FORMAT": "json",
        "LOG_DIR": "",
    }


def _migrate() -> None:
    command = [sys.executable, str(REPOSITORY_ROOT / "manage.py"), "migrate", "--no-input", "--verbosity", "0"]
    if subprocess.run(command, env={**os.environ, "DATABASE_ROLE": "owner"}, check=False).returncode:
        raise CannotStart("the database cannot be migrated")


def set_up_django() -> None:
    """Set Django up in this process, and collect static files as a server does before it starts."""
    import django
    from django.core.management import call_command

    django.setup()
    logging.disable(logging.INFO)  # here, not in the server
    call_command("collectstatic", interactive=False, verbosity=0)


def postmaster_pid(postgres: EmbeddedPostgres) -> int:
    """Return the process that every process of the server descends from."""
    return int((postgres.home.data / "postmaster.pid").read_text().split("\n")[0])
