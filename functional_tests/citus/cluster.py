"""A coordinator and workers of Citus on loopback, as processes of this machine; deleted with all data at the end."""

import os
import secrets
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from apps.core.database.embedded.programs import Account
from apps.core.database.roles import open_database
from functional_tests.citus.installation import Installation
from functional_tests.server import HOST, free_port

USERS = {"superuser": "postgres", "owner": "sharj_owner", "app": "sharj"}
SETTINGS = {
    "listen_addresses": HOST,
    "max_connections": "300",
    "max_prepared_transactions": "300",
    "max_locks_per_transaction": "512",
    "shared_buffers": "256MB",
    "shared_preload_libraries": "citus",
    "wal_level": "logical",  # moves a shard while it is written to
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "citus.node_conninfo": "sslmode=prefer",
    "citus.recover_2pc_interval": "5s",
}
UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Node:
    """One PostgreSQL server of the cluster."""

    name: str
    home: Path
    port: int
    account: Account
    installation: Installation

    @property
    def log(self) -> Path:
        """The file that the server logs to."""
        return self.home / "log"

    def create(self, password: str) -> None:
        """Make the data folder."""
        self.account.make_private(self.home)
        file = self.home / "password"
        file.write_text(password)
        file.chmod(0o600)
        os.chown(file, self.account.uid, self.account.gid)
        self._run(
            *("initdb", f"--pgdata={self.home / 'data'}", f"--username={USERS['superuser']}", f"--pwfile={file}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"),
        )

    def start(self, settings: dict[str, str]) -> None:
        """Start the server."""
        settings = {**settings, "port": str(self.port), "unix_socket_directories": str(self.home)}
        options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
        self._run("pg_ctl", "start", "-D", self.home / "data", "-l", self.log, "-o", options, "-w", "-t", "60")

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server; `immediate` ends it as a crash does."""
        self._run("pg_ctl", "stop", "-D", self.home / "data", "-m", mode, "-w", "-t", "60")

    def login(self, role: str, database: str, passwords: dict[str, str]) -> dict[str, str]:
        """Return Django's HOST, PORT, NAME, USER and PASSWORD."""
        return {
            "HOST": HOST, "PORT": str(self.port), "NAME": database, "USER": USERS[role], "PASSWORD": passwords[role],
        }  # fmt: skip

    def _run(self, program: str, *arguments: str | Path) -> None:
        result = self.account.run(self.installation.programs / program, *arguments)
        if result.returncode:
            log = self.log.read_text()[-2_000:] if self.log.exists() else ""
            raise RuntimeError(f"{program} of {self.name}: {result.stderr}{log}")


@dataclass(frozen=True)
class Cluster:
    """Running nodes, the coordinator first, the settings that they run with, and the passwords of the roles."""

    nodes: list[Node]
    settings: dict[str, str]
    passwords: dict[str, str] = field(repr=False)

    @property
    def coordinator(self) -> Node:
        """The node that the application connects to."""
        return self.nodes[0]

    def environment(self) -> dict[str, str]:
        """Return the variables by which the application finds the coordinator."""
        return {
            "DATABASE_HOST": HOST,
            "DATABASE_PORT": str(self.coordinator.port),
            "DATABASE_NAME": "sharj",
            **{f"DATABASE_{name}USER": USERS[role] for name, role in _VARIABLES.items()},
            **{f"DATABASE_{name}PASSWORD": self.passwords[role] for name, role in _VARIABLES.items()},
            "CITUS_WORKERS": ",".join(f"{HOST}:{node.port}" for node in self.nodes[1:]),
        }


_VARIABLES = {"": "app", "OWNER_": "owner", "ADMIN_": "superuser"}


@contextmanager
def running_cluster(installation: Installation, *, workers: int = 2, is_safe: bool = False) -> Iterator[Cluster]:
    """Run a coordinator and `workers` while the block runs; unless `is_safe`, a crash of the machine may lose data."""
    account, home = Account.of_server(), Path(tempfile.mkdtemp(prefix="sharj-citus-", dir="/tmp"))
    home.chmod(0o711)
    programs = _reachable(installation, account, home)
    passwords = {role: secrets.token_urlsafe(18) for role in USERS}
    settings = SETTINGS if is_safe else {**SETTINGS, **UNSAFE_BUT_FAST}
    names = ["coordinator", *(f"worker-{number}" for number in range(1, workers + 1))]
    nodes = [Node(name, home / name, free_port(), account, programs) for name in names]
    with ExitStack() as ending:
        ending.callback(shutil.rmtree, home, ignore_errors=True)
        for node in nodes:
            node.create(passwords["superuser"])
            node.start(settings)
            ending.callback(_stop_if_running, node)
        yield Cluster(nodes, settings, passwords)


def _reachable(installation: Installation, account: Account, home: Path) -> Installation:
    """Return the installation, or a copy of it in `home` if the server's account cannot enter its folder."""
    if account.reaches(installation.programs / "postgres"):
        return installation
    source = installation.programs.parent
    shutil.copytree(source, home / "postgresql", symlinks=True)
    for path in (home / "postgresql", *(home / "postgresql").rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    return Installation(home / "postgresql/bin", installation.version)


def _stop_if_running(node: Node) -> None:
    if (node.home / "data/postmaster.pid").exists():
        node.stop()


def await_answer(login: dict[str, str], *, seconds: float = 30.0) -> None:
    """Wait until a server accepts this login."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with open_database(login):
                return
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
