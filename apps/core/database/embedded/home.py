"""The folder of one embedded PostgreSQL: the places and permissions of its parts, and the lock that guards them."""

import fcntl
import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.core.database.embedded.programs import ROOT_HOME, Account, EmbeddedPostgresError, make_root_home

USERS = {"app": "sharj_app", "owner": "sharj_owner", "superuser": "postgres"}
PORT = "5432"  # names the socket file; no TCP port is opened
SOCKET_PATH_LIMIT = 100  # bytes; the kernel's limit is 104 to 108
LOCK_TIMEOUT_SECONDS = 120.0
LOG_LIMIT_BYTES = 10_000_000


class PostgresHome:
    """The home folder and its contents: `data`, `postgres.log`, `passwords.json`, `lock` and, where it fits, `socket`.

    It belongs to the user that starts the server. Data, log and socket belong to the user that the server runs as,
    which is another one when root starts it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self.data = self.path / "data"
        self.log = self.path / "postgres.log"
        if re.search(r'["$`\\\n]', str(self.path)):
            raise EmbeddedPostgresError(f"{self.path} has a character that pg_ctl's shell would interpret.")

    @property
    def socket_folder(self) -> Path:
        """The folder of the Unix socket: in the home, or in /tmp if the home's path is too long, or odd, for libpq."""
        folder = self.path / "socket"
        short = len(str(folder / f".s.PGSQL.{PORT}")) < SOCKET_PATH_LIMIT
        if short and re.fullmatch(r"[\w./-]+", str(folder), re.ASCII):
            return folder
        return Path("/tmp") / f"sharj-{short_hash(self.path)}"  # noqa: S108  (`start` checks its owner)

    @property
    def cluster_name(self) -> str:
        """The name that all processes of the server show: made of the data folder's inode, which survives a move."""
        status = self.data.stat()
        return f"sharj-{status.st_dev:x}-{status.st_ino:x}"

    def passwords(self) -> dict[str, str]:
        """Return the password of each role in `USERS`; create all of them on first need."""
        file = self.path / "passwords.json"
        try:
            if not file.exists():
                with self.locked():
                    self._create_passwords(file)
            passwords: dict[str, str] = json.loads(file.read_text())
        except (OSError, ValueError) as error:
            raise EmbeddedPostgresError(f"Cannot read or create {file}: {error}") from error
        return passwords

    def _create_passwords(self, file: Path) -> None:
        if file.exists():  # another process was first
            return
        if self.data.exists():
            raise EmbeddedPostgresError(f"{file} is missing: put it back, or start afresh with `make reset`.")
        scratch = file.with_suffix(".new")
        scratch.unlink(missing_ok=True)
        with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump({role: secrets.token_urlsafe(24) for role in USERS}, out)
            out.flush()
            os.fsync(out.fileno())
        scratch.rename(file)

    def hold(self) -> None:
        """Mark the database as in use until this process ends, whatever program it becomes, and all its children."""
        file = os.open(self.path / "in-use", os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        os.set_inheritable(file, True)
        fcntl.flock(file, fcntl.LOCK_SH)

    def is_held(self) -> bool:
        """Tell whether a process has marked the database as in use."""
        try:
            with (self.path / "in-use").open() as file:
                return not _try_lock(file.fileno())
        except FileNotFoundError:
            return False

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the home's lock; the kernel frees it when its holder dies. Not reentrant."""
        self._make()
        with (self.path / "lock").open("w") as lock:
            deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
            while not _try_lock(lock.fileno()):
                if time.monotonic() > deadline:
                    raise EmbeddedPostgresError(f"Another process has held {lock.name} for too long.")
                time.sleep(0.05)
            yield

    def _make(self) -> None:
        try:
            if self.path.parent == ROOT_HOME:
                make_root_home()
            self.path.mkdir(parents=True, exist_ok=True)
            if self.path.stat().st_uid != os.geteuid():
                raise EmbeddedPostgresError(f"{self.path} belongs to another user: choose an EMBEDDED_POSTGRES_DIR.")
            if not any(self.path.iterdir()):
                # Root's server is another user: it passes through to its own folders.
                self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
        except OSError as error:
            raise EmbeddedPostgresError(f"Cannot use {self.path}: {error.strerror}") from error

    def prepare_log(self, account: Account) -> None:
        """Let the server append to the log; rename a log that has grown too long."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.rename(self.log.with_suffix(".log.1"))
        self.log.touch(mode=0o600)
        os.chown(self.log, account.uid, account.gid)

    def last_failure(self) -> str:
        """Return the log's last FATAL line, or its last line."""
        lines = self.log.read_text(errors="replace").splitlines() or ["no reason given"]
        return next((line for line in reversed(lines) if "FATAL" in line), lines[-1])


def short_hash(path: Path) -> str:
    """Return a short name for a path that may be long."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
