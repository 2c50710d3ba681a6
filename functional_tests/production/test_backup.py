"""The drill: lose the server and restore it, to a moment and to its end, build standbys, promote; count after each."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from functional_tests.production import parts
from functional_tests.production.load import run_load
from functional_tests.production.places import REPOSITORY, program
from functional_tests.production.processes import Program, free_port, wait_for
from functional_tests.production.stack import Stack

pytestmark = pytest.mark.timeout(600)
SALES = os.environ.get("STACK_DRILL_SALES", "120")
S3_SERVER = os.environ.get("S3_SERVER") or REPOSITORY / ".venv/s3/bin/moto_server"


class Drill:
    """A stack whose servers are backed up, lost and restored by the scripts that compose runs."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.leader = "postgres"
        self.backups = stack.folder / "backups"

    def succeed(self, name: str, *arguments: str, **more: str) -> str:
        """Run a script that must succeed; return what it prints."""
        done = self.stack.script(self.leader, name, *arguments, **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def query(self, statement: str, server: str = "") -> str:
        """Return the one value that a superuser's statement gives."""
        database = psycopg2.connect(
            host="127.0.0.1", port=self.stack.ports[server or self.leader], user="postgres", dbname="sharj",
            password=self.stack.superuser_password, connect_timeout=5,
        )  # fmt: skip
        with closing(database):
            database.autocommit = True
            with database.cursor() as cursor:
                cursor.execute(statement)
                row = cursor.fetchone() if cursor.description else None
            return str(row[0]) if row else ""

    def entries(self, server: str = "") -> int:
        """Count the entries of the ledger."""
        return int(self.query("SELECT count(*) FROM transactions_ledgerentry", server))

    def is_up(self, server: str) -> bool:
        """Tell whether a server answers queries; it accepts connections a little earlier."""
        try:
            return self.query("SELECT 1", server) == "1"
        except psycopg2.OperationalError:
            return False

    def sell(self) -> int:
        """Sell through the whole stack; the load script compares all with the ledger. Return the count of entries."""
        options = ("--sellers", "2", "--num-requests", SALES, "--workers", "4")
        assert run_load(self.stack, *options)["ok"]
        return self.entries()

    def archive_all(self) -> None:
        """Wait until everything written is in the archive, as a minute without sales does."""
        segment = self.query("SELECT pg_walfile_name(pg_switch_wal())")
        archived = self.backups / "wal" / self.leader / f"{segment}.gz"
        wait_for(archived.exists, f"{segment} in the archive")

    def lose(self, server: str) -> None:
        """Kill a server and delete its disk."""
        self.stack.programs[server].stop(signal.SIGKILL)
        shutil.rmtree(self.stack.folder / server / "data")

    def restore(self, moment: str = "", archives: str = "") -> None:
        """Restore the leader, and start it again."""
        data = self.stack.folder / self.leader / "data"
        print(self.succeed("backup/restore.sh", str(data), moment, ARCHIVES=archives), end="")
        self.start(self.leader)
        self.judge()

    def start(self, server: str) -> None:
        """Start a server, and wait until it answers."""
        self.stack.programs[server].start()
        wait_for(lambda: self.is_up(server), f"answer of {server}")

    def judge(self) -> None:
        """Verify the ledger of the leader; the load script compares its balances."""
        environment = {**self.stack.direct(), "DATABASE_PORT": str(self.stack.ports[self.leader])}
        done = self.stack.run(["python", "manage.py", "verify_ledger"], environment)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr


@pytest.fixture(scope="module")
def drill(programs: None) -> Iterator[Drill]:
    """One stack for all tests here; the last of them leaves another server in the lead."""
    with Stack() as running:
        parts.add_server(running, "standby")
        yield Drill(running)
        for server in parts.SERVERS:  # SIGTERM would wait for their clients
            running.programs[server].stop(signal.SIGINT)


def test_backups_are_private_whole_and_pruned_without_regard_to_leftovers(drill: Drill, tmp_path: Path) -> None:
    drill.sell()
    for _ in range(2):
        drill.succeed("backup/backup.sh")
        time.sleep(1.1)
    folders = [drill.backups / kind / "postgres" for kind in ("base", "dump")]
    second = max(path.name for path in folders[0].iterdir())
    for folder in folders:  # as two backups that died leave them; their names are the newest
        for name in ("29990101T000000Z.part", "29990102T000000Z.part"):
            (folder / name).mkdir()
    drill.succeed("backup/backup.sh", BACKUP_KEEP="2")
    bases, dumps = (sorted(path.name for path in folder.iterdir()) for folder in folders)
    assert (len(bases), len(dumps), bases[0]) == (2, 2, second)
    readable = [path for path in (drill.backups, *drill.backups.rglob("*")) if path.stat().st_mode & 0o077]
    assert not readable

    drill.sell()
    drill.archive_all()
    drill.sell()
    drill.archive_all()
    segments = sorted((drill.backups / "wal/postgres").glob("0*.gz"))
    raw = 16 * 2**20 * len(segments)
    compressed = sum(segment.stat().st_size for segment in segments)
    print(f"\n{len(segments)} WAL segments: {raw / compressed:.0f} times smaller in the archive")
    assert compressed < raw / 3
    data = drill.stack.private("restored")
    segments[-2].rename(tmp_path / "kept")
    refused = drill.stack.script("postgres", "backup/restore.sh", str(data))
    assert (refused.returncode, "a file between them is missing" in refused.stderr) == (1, True), refused.stderr
    shutil.rmtree(data)
    segments[-2].write_bytes((tmp_path / "kept").read_bytes()[:-100])
    segments[-2].chmod(0o644)
    refused = drill.stack.script("postgres", "backup/restore.sh", str(drill.stack.private("restored")))
    assert (refused.returncode, "could not be replayed" in refused.stderr) == (1, True), refused.stderr


@pytest.fixture
def s3(drill: Drill) -> Iterator[dict[str, str]]:
    """An S3 server of its own (moto's), and the variables of a repository on it."""
    port = free_port()
    server = Program("s3", [S3_SERVER, "-H", "127.0.0.1", "-p", str(port)], drill.stack.folder, port=port)
    server.start()
    yield {
        "RESTIC_REPOSITORY": f"s3:http://127.0.0.1:{port}/sharj-backups",
        "RESTIC_PASSWORD": "of-the-test",
        "RESTIC_CACHE_DIR": str(drill.stack.private("cache")),
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "SEALS_DIR": str(drill.stack.private("seals")),
    }
    server.stop()


def test_a_machine_that_is_lost_with_its_backups_comes_back_from_another_place(
    drill: Drill, s3: dict[str, str]
) -> None:
    drill.sell()
    drill.succeed("backup/backup.sh")
    drill.succeed("backup/offsite.sh", **s3)
    before = drill.sell()
    drill.archive_all()
    (drill.backups / "wal/postgres/000000010000000000000099.gz.part").touch()
    drill.succeed("backup/offsite.sh", **s3)
    drill.lose("postgres")
    shutil.rmtree(drill.backups)

    command = [program("restic"), "restore", "latest", "--target", "/", "--include", str(drill.backups)]
    done = drill.stack.run(command, {**drill.stack.postgres_environment("postgres"), **s3})
    assert done.returncode == 0, done.stderr
    assert not list(drill.backups.rglob("*.part"))
    drill.restore()
    assert drill.entries() == before
    tell("\nrestore from S3", before, drill.entries())


def test_restores_and_promotions_in_a_row_lose_nothing(drill: Drill) -> None:
    """Each step begins with what the one before it left, as it once brought an old moment back to life."""
    print()
    restore_to_a_moment_and_then_to_the_end(drill)
    promote_a_standby(drill)
    keep_the_former_primary_away(drill)
    restore_the_promoted_server_and_make_the_former_primary_its_standby(drill)


def tell(step: str, before: int, after: int) -> None:
    print(f"{step}: {before} entries before, {after} after")


def restore_to_a_moment_and_then_to_the_end(drill: Drill) -> None:
    drill.sell()
    drill.succeed("backup/backup.sh")
    at_moment = drill.sell()
    moment = drill.query("SELECT now()")
    time.sleep(1.1)  # the name of a base has whole seconds
    before = drill.sell()
    drill.succeed("backup/backup.sh")  # of a history that the restore leaves: no later restore may begin with it
    drill.archive_all()
    drill.lose("postgres")
    drill.restore(moment)
    assert drill.entries() == at_moment < before
    tell("restore to a moment", before, drill.entries())

    for step in (
        "restore to the end, before the next backup",
        "restore to the end, from a base of the restored server",
    ):
        before = drill.sell()
        drill.archive_all()
        drill.lose("postgres")
        drill.restore()
        assert drill.entries() == before
        tell(step, before, drill.entries())
        drill.succeed("backup/backup.sh")
    settings = drill.stack.folder / "postgres/data/postgresql.auto.conf"
    assert not re.search("recovery_|restore_command", settings.read_text())


def promote_a_standby(drill: Drill) -> None:
    # As a restore before this version left it, and base backups copied it.
    drill.query("ALTER SYSTEM SET recovery_target_time = '2026-01-01 00:00:00+00'")
    drill.start("standby")
    before = drill.sell()
    wait_for(lambda: drill.entries("standby") == before, "standby that has all")
    assert drill.query("SELECT pg_is_in_recovery()", "standby") == "True"
    assert not (drill.backups / "wal/standby").exists()  # a standby archives nothing
    tell("standby of the restored server", before, drill.entries("standby"))
    with pytest.raises(AssertionError, match="postgres answers: stop it first"):
        drill.stack.promote_standby()
    drill.stack.programs["postgres"].stop(signal.SIGKILL)
    drill.stack.promote_standby()
    drill.leader = "standby"
    after = drill.sell()
    drill.judge()
    tell("promotion", before, after)


def keep_the_former_primary_away(drill: Drill) -> None:
    """Start it with a fence, then with the leader alone to tell, then with nothing but the leader's archive."""
    former = drill.stack.programs["postgres"]
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"postgres does not start: standby was promoted at"):
            former.start()
    (drill.backups / "fence/postgres").unlink()
    with pytest.raises(RuntimeError, match=r"postgres does not start: standby accepts writes"):
        former.start()
    drill.archive_all()
    drill.stack.programs["standby"].stop(signal.SIGKILL)
    with pytest.raises(RuntimeError, match=r"postgres does not start: \S+/wal/standby/\w+.history.gz is newer"):
        former.start()


def restore_the_promoted_server_and_make_the_former_primary_its_standby(drill: Drill) -> None:
    drill.start("standby")
    before = drill.entries()
    drill.lose("standby")
    drill.restore(archives="standby postgres")  # lost before its first backup
    assert drill.entries() == before
    tell("restore of the promoted server", before, drill.entries())
    shutil.rmtree(drill.stack.folder / "postgres/data")
    drill.start("postgres")
    before = drill.sell()
    wait_for(lambda: drill.entries("postgres") == before, "standby that has all")
    assert drill.query("SELECT pg_is_in_recovery()", "postgres") == "True"
    tell("former primary as a standby", before, drill.entries("postgres"))
