"""manage.py serve: every step from a fresh checkout to a served request."""

import os
import signal
import socket
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_urlsafe
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from apps.core.database.embedded.server import EmbeddedPostgres
from apps.core.database.logins import is_embedded

HOST = "127.0.0.1"


class Command(BaseCommand):
    help = (
        "Start the embedded PostgreSQL if it is used, migrate, collect static files, create the superuser, serve, and "
        "start the worker of the queue, the event stream and, with DELIVERY, the worker of deliveries."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reload", action="store_true", help="restart the workers when code changes")

    def handle(self, *args: Any, reload: bool, **options: Any) -> None:
        port = _free_port()
        stream = _stream_bind(port)
        with _database_running() as started:
            _migrate()
            call_command("collectstatic", interactive=False, verbosity=0)
            self.ensure_superuser()
            self.announce(port, stream)
            if is_embedded():
                EmbeddedPostgres.from_environment().home.hold()
            # gunicorn takes this process over, and with it the terminal's Ctrl-C. Its on_exit hook
            # (config/gunicorn.conf.py) stops the database if this command started it.
            os.environ["GUNICORN_STARTS"] = " ".join(_companions())
            os.environ["EVENT_STREAM_BIND"] = stream
            os.environ["EVENT_STREAM_URL"] = f"http://{stream}/api/v1/events/stream/"
            os.environ["GUNICORN_STOPS_POSTGRES"] = "1" if started else ""
            os.environ["GUNICORN_BIND"] = f"{HOST}:{port}"
            if settings.OPERATOR_SIMULATOR_PORT:
                os.environ.setdefault("OPERATOR_SECRET_SIMULATOR", token_urlsafe())
            sys.stdout.flush()
            # A Ctrl-C waits until gunicorn handles it (`when_ready`); before that it would leave the database running.
            signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
            command = [sys.executable, "-m", "gunicorn", "--config", str(settings.BASE_DIR / "config/gunicorn.conf.py")]
            os.execv(sys.executable, command + ["--reload"] * reload)  # noqa: S606  (no shell)

    def ensure_superuser(self) -> None:
        """Create the superuser that `.env` names, if that user is missing; an existing one is left alone."""
        names = ("USERNAME", "EMAIL", "PASSWORD")
        username, email, password = (os.environ.get(f"DJANGO_SUPERUSER_{name}", "") for name in names)
        manager = get_user_model()._default_manager
        if not username or manager.filter(username__iexact=username).exists():
            return
        if not password:
            raise CommandError(f"DJANGO_SUPERUSER_PASSWORD is empty: the superuser {username} cannot be created.")
        call_command("createsuperuser", interactive=False, username=username, email=email, verbosity=0)

    def announce(self, port: int, stream: str) -> None:
        base = f"http://{HOST}:{port}"
        username = os.environ.get("DJANGO_SUPERUSER_USERNAME", "")
        self.stdout.write(
            f"\n  API      {base}/api/v1/"
            f"\n  Swagger  {base}/swagger/"
            f"\n  Events   http://{stream}/api/v1/events/stream/"
            f"\n  Admin    {base}/admin/  (user {username}; its initial password is DJANGO_SUPERUSER_PASSWORD in .env)"
            "\n  Ctrl-C stops it.\n"
        )


def _companions() -> list[str]:
    """Return the commands that gunicorn starts beside its workers, and ends with them."""
    return ["worker", "event_stream", *(["deliver_charges"] if settings.DELIVERY else [])]


def _free_port() -> int:
    """Return the port in PORT after checking that it is free, before anything is started."""
    text = os.environ.get("PORT") or "8000"
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65_536):
        raise CommandError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    if reason := _reason_not_to_bind(int(text)):
        raise CommandError(f"Cannot serve on {HOST}:{text}: {reason}. Set another PORT.")
    return int(text)


def _stream_bind(port: int) -> str:
    """Return EVENT_STREAM_BIND or, without it, the next port after `port` that is free."""
    free = (after for after in range(port + 1, 65_536) if not _reason_not_to_bind(after))
    return os.environ.get("EVENT_STREAM_BIND") or f"{HOST}:{next(free)}"


def _reason_not_to_bind(port: int) -> str:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            return str(error.strerror)
    return ""


@contextmanager
def _database_running() -> Iterator[bool]:
    """Start the embedded PostgreSQL where it is used; yield whether it was started. Stop it if the body fails."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    embedded = EmbeddedPostgres.from_environment() if is_embedded() else None
    started = embedded is not None and embedded.start()
    try:
        yield started
    except BaseException:
        if started and embedded:
            embedded.stop()
        raise


def _migrate() -> None:
    """Migrate in a process of its own, because this one is logged in as the application role."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "migrate", "--no-input"]
    result = subprocess.run(command, env={**os.environ, "DATABASE_ROLE": "owner"}, check=False)  # noqa: S603  (no shell)
    if result.returncode:
        raise SystemExit(result.returncode)  # migrate has printed the reason
