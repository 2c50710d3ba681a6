"""An embedded PostgreSQL server, from PyPI's binaries: used when no DATABASE_HOST is set, and by the tests.

It listens on a Unix socket only, in a folder that only its user can enter, and every role needs a password. The module
does not import Django, because the settings import it.
"""

import os
import shlex
import shutil
import tempfile
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal

import psycopg2

from apps.core.database.embedded.home import PORT, USERS, PostgresHome, short_hash
from apps.core.database.embedded.programs import (
    ROOT_HOME,
    Account,
    EmbeddedPostgresError,
    find_programs,
    find_server_processes,
)
from apps.core.database.roles import (
    MAINTENANCE_DATABASES,
    Login,
    create_database,
    create_roles,
    open_database,
    restrict_database,
    take_from_public,
)

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]

REPOSITORY = Path(__file__).resolve().parents[4]
DATABASE = "sharj"
START_TIMEOUT_SECONDS = 60.0

DEFAULT_SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_lock_waits": "on",
}


class EmbeddedPostgres:
    """One PostgreSQL cluster in a home folder.

    `settings` are extra server settings, such as `{"fsync": "off"}` for tests. Every method that fails raises
    `EmbeddedPostgresError` with one line.
    """

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        self.home = PostgresHome(home)
        self.settings = {**DEFAULT_SETTINGS, **(settings or {})}

    @classmethod
    def from_environment(cls) -> "EmbeddedPostgres":
        """Return the cluster in EMBEDDED_POSTGRES_DIR (relative to the repository), or the one of this checkout."""
        if chosen := os.environ.get("EMBEDDED_POSTGRES_DIR"):
            return cls(REPOSITORY / Path(chosen).expanduser())
        if os.geteuid() == 0:
            # The server's unprivileged user may not be able to enter the checkout, as under /root.
            return cls(ROOT_HOME / short_hash(REPOSITORY))
        return cls(REPOSITORY / ".postgres")

    @cached_property
    def account(self) -> Account:
        """The system user that the server runs as."""
        return Account.of_server()

    @cached_property
    def _programs(self) -> Path:
        return find_programs(self.account)

    def bin(self, name: str) -> Path:
        """Return the path of a PostgreSQL program, such as `psql`."""
        return self._programs / name

    def connection(self, role: str = "app", database: str = DATABASE) -> dict[str, str]:
        """Return Django's HOST, PORT, NAME, USER and PASSWORD for a role: app, owner or superuser.

        It works before the first start: passwords are created on first need.
        """
        if role not in USERS:
            raise EmbeddedPostgresError(f"There is no database role {role!r}, only {', '.join(USERS)}.")
        return {
            "HOST": str(self.home.socket_folder),
            "PORT": PORT,
            "NAME": database,
            "USER": USERS[role],
            "PASSWORD": self.home.passwords()[role],
        }

    def is_running(self) -> bool:
        """Tell whether the server answers `SELECT 1`; a pid file or a process is not proof."""
        if not self.home.data.exists():
            return False
        try:
            with open_database(self.connection("superuser", "postgres")) as database, database.cursor() as statement:
                statement.execute("SELECT 1")
        except psycopg2.Error:
            return False
        return True

    def status(self) -> Literal["running", "not answering", "stopped", "not created"]:
        """Return the state of the server in words."""
        if self.is_running():
            return "running"
        if not self.home.data.exists():
            return "not created"
        return "not answering" if self._processes() else "stopped"

    def start(self) -> bool:
        """Start the server unless it runs, and create missing roles and databases; return whether this call started it.

        Any number of processes may call this at once.
        """
        self.home.passwords()
        with self.home.locked():
            started = not self.is_running()
            if started:
                self._remove_leftovers()
                if not self.home.data.exists():
                    self._initialise()
                self._launch()
            self._create_roles_and_database()
        return started

    def stop(self) -> bool:
        """Stop the server, ending its sessions; return whether one ran. No other program's pid is ever signalled."""
        if not self.home.data.exists():
            return False
        with self.home.locked():
            if self._postmaster() not in self._processes():
                return False
            result = self.account.run(self.bin("pg_ctl"), "stop", "-D", self.home.data, "-m", "fast", "-w", "-t", "60")
            if result.returncode != 0:
                raise EmbeddedPostgresError(f"PostgreSQL did not stop: {_last_line(result.stderr)}")
        return True

    def destroy(self) -> None:
        """Stop the server and delete its home."""
        self.stop()
        if self.home.path.exists():
            shutil.rmtree(self.home.path)
        if self.home.socket_folder.exists():
            shutil.rmtree(self.home.socket_folder)

    def _remove_leftovers(self) -> None:
        for scratch in self.home.path.glob("initdb-*"):
            # A dying initdb may still write there: its rest is removed by the next start.
            shutil.rmtree(scratch, ignore_errors=True)

    def _initialise(self) -> None:
        """Create the cluster in a sibling folder and rename it: `data` is a whole cluster or does not exist."""
        if not self.account.reaches(self.home.path):
            complaint = f"The user {self.account.name} cannot enter {self.home.path}"
            raise EmbeddedPostgresError(f"{complaint}: choose another EMBEDDED_POSTGRES_DIR.")
        scratch = Path(tempfile.mkdtemp(prefix="initdb-", dir=self.home.path))
        password = scratch / "password"
        password.touch(mode=0o600)
        password.write_text(self.home.passwords()["superuser"])
        for path in (scratch, password):
            os.chown(path, self.account.uid, self.account.gid)
        result = self.account.run(
            *(self.bin("initdb"), f"--pgdata={scratch / 'data'}", f"--username={USERS['superuser']}"),
            *(f"--pwfile={password}", "--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *(["--no-sync"] if self.settings.get("fsync") == "off" else []),
        )
        if result.returncode != 0:
            raise EmbeddedPostgresError(f"initdb failed: {_last_line(result.stderr)}")
        (scratch / "data").rename(self.home.data)
        shutil.rmtree(scratch)

    def _launch(self) -> None:
        """Start the server once the processes of an earlier one have ended, or return if that answers again."""
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while processes := self._processes():
            if self.is_running():
                return
            if time.monotonic() > deadline:
                complaint = f"PostgreSQL (processes {sorted(processes)}) lives but does not answer"
                raise EmbeddedPostgresError(f"{complaint} (log: {self.home.log})")
            time.sleep(0.1)
        self.account.make_private(self.home.socket_folder)
        # No server runs in these folders, so their pid files are stale; PostgreSQL would refuse to start if a zombie or
        # another program had the pid by now.
        for pid_file in (self.home.data / "postmaster.pid", self.home.socket_folder / f".s.PGSQL.{PORT}.lock"):
            pid_file.unlink(missing_ok=True)
        self.home.prepare_log(self.account)
        self._run_server()

    def _run_server(self) -> None:
        settings = {
            **self.settings,
            "listen_addresses": "",
            "port": PORT,
            "unix_socket_directories": str(self.home.socket_folder),
            "unix_socket_permissions": "0700",
            "cluster_name": self.home.cluster_name,
        }
        options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
        start = ("start", "-D", self.home.data, "-l", self.home.log, "-o", options)
        result = self.account.run(self.bin("pg_ctl"), *start, "-w", "-t", str(int(START_TIMEOUT_SECONDS)))
        if result.returncode != 0:
            reason = self.home.last_failure()
            raise EmbeddedPostgresError(f"PostgreSQL did not start: {reason} (log: {self.home.log})")

    def _processes(self) -> set[int]:
        return find_server_processes(self.home.cluster_name, self.account)

    def _postmaster(self) -> int:
        """Return the pid in the pid file, which another program may have by now; 0 without a file."""
        try:
            return int((self.home.data / "postmaster.pid").read_text().split("\n")[0])
        except (OSError, ValueError):
            return 0

    def _create_roles_and_database(self) -> None:
        owner, application = (Login(USERS[role], self.home.passwords()[role]) for role in ("owner", "app"))
        try:
            with open_database(self.connection("superuser", "postgres")) as admin:
                create_roles(admin, owner, application)
                create_database(admin, DATABASE, owner)
            with open_database(self.connection("owner")) as database:
                restrict_database(database, application.user)
            for name in (*MAINTENANCE_DATABASES, DATABASE):
                with open_database(self.connection("superuser", name)) as database:
                    take_from_public(database)
        except psycopg2.Error as error:
            raise EmbeddedPostgresError(f"Cannot set up the database roles: {_last_line(str(error))}") from error


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[-1]
