"""A real streaming standby of the embedded PostgreSQL, made as an operator makes one: by `pg_basebackup -R`."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from apps.core.database.embedded.server import EmbeddedPostgres

START_SECONDS = 30.0


class Standby:
    """A standby in a folder of its own. `address` says where it listens: as libpq's keywords `host` and `port`."""

    def __init__(self, primary: EmbeddedPostgres, source: dict[str, str], *, port: int = 0) -> None:
        self.primary, self.source, self.port = primary, source, port
        self.account = primary.account
        self.folder = Path(tempfile.mkdtemp(prefix="sharj-standby-", dir="/tmp"))
        os.chown(self.folder, self.account.uid, self.account.gid)
        self.data, self.log = self.folder / "data", self.folder / "log"

    @property
    def address(self) -> dict[str, str]:
        if self.port:
            return {"host": "127.0.0.1", "port": str(self.port)}
        return {"host": str(self.folder), "port": "5432"}

    def create(self) -> None:
        """Copy the primary, and write the settings by which the copy follows it."""
        words = {**self.source, "user": "postgres", "password": self.primary.connection("superuser")["PASSWORD"]}
        conninfo = " ".join(f"{name}={value}" for name, value in {**words, "application_name": "standby"}.items())
        self._run("pg_basebackup", f"--dbname={conninfo}", f"--pgdata={self.data}", "--write-recovery-conf",
                  "--checkpoint=fast", "--wal-method=stream")  # fmt: skip

    def start(self, **settings: str) -> None:
        """Start it and wait until it answers."""
        options = {
            "listen_addresses": "127.0.0.1" if self.port else "",
            "unix_socket_directories": "" if self.port else str(self.folder),
            "port": str(self.port or 5432),
            "shared_buffers": "32MB",
            "max_connections": "200",  # not fewer than its primary has
            **settings,
        }
        given = " ".join(f"-c {name}='{value}'" for name, value in options.items())
        self._run("pg_ctl", "start", "-D", self.data, "-l", self.log, "-w", "-t", "30", "-o", given)
        deadline = time.monotonic() + START_SECONDS
        while True:  # it accepts connections once it is consistent
            try:
                self.ask("SELECT 1")
                return
            except psycopg2.OperationalError:
                assert time.monotonic() < deadline, self.log.read_text()[-2000:]
                time.sleep(0.05)

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "stop", "-D", self.data, "-m", mode, "-w")

    def promote(self) -> None:
        """Make it a primary, and wait until it is one."""
        self._run("pg_ctl", "promote", "-D", self.data, "-w", "-t", "60")

    def send(self, number: signal.Signals) -> None:
        """Send a signal to every process of the server, as to a machine: SIGSTOP freezes it, SIGCONT thaws it."""
        postmaster = int((self.data / "postmaster.pid").read_text().split("\n")[0])
        server = psutil.Process(postmaster)
        for process in (server, *server.children(recursive=True)):
            process.send_signal(number)

    def ask(self, statement: str, database: str = "postgres") -> Any:
        """Return the one value that a superuser's statement gives here, or None."""
        password = self.primary.connection("superuser")["PASSWORD"]
        link = psycopg2.connect(
            host=self.address["host"], port=self.address["port"], user="postgres", password=password, dbname=database,
            connect_timeout=5,
        )  # fmt: skip
        try:
            link.autocommit = True
            with link.cursor() as cursor:
                cursor.execute(statement)
                row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None
        finally:
            link.close()

    def destroy(self) -> None:
        """Stop it, if it runs, and delete it."""
        if (self.data / "postmaster.pid").exists():
            self.send(signal.SIGCONT)
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, name: str, *arguments: str | Path) -> None:
        done: subprocess.CompletedProcess[str] = self.account.run(self.primary.bin(name), *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
