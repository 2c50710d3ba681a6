"""Faults of PostgreSQL and of its machine."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.core.database.embedded.server import EmbeddedPostgres
from apps.core.database.roles import open_database
from functional_tests.faults.scene import Scene, signal_process, sold_entries
from functional_tests.performance.settings import REPOSITORY_ROOT

FREEZE_SECONDS = 9.5  # longer than statement_timeout (5) and than the service waits (7)
LONGEST_WAIT_SECONDS = 6.0
SMALL_DISK_BYTES = 400_000_000


def postgres_killed(scene: Scene, times: int = 2) -> None:
    """Kill all processes of PostgreSQL at once with SIGKILL: only what was on disk is left."""
    for _ in range(times):
        time.sleep(scene.rng.uniform(0.2, 1.0))
        scene.signal_postgres(signal.SIGKILL)
        time.sleep(0.3)
        scene.postgres.start()
    scene.notes.append(f"killed and recovered {times} times")


def postgres_killed_ten_times(scene: Scene) -> None:
    """Kill PostgreSQL ten times."""
    postgres_killed(scene, times=10)


def backend_killed(scene: Scene) -> None:
    """Kill one session's process with SIGKILL, as the kernel does out of memory: PostgreSQL restarts itself."""
    backends = scene.execute("SELECT pid FROM pg_stat_activity WHERE usename = 'sharj_app' ORDER BY pid")
    signal_process(scene.rng.choice(backends)[0], signal.SIGKILL)


def sessions_ended(scene: Scene) -> None:
    """End all sessions, as a restart of the server does: each costs one failed request at most."""
    ended_at = time.monotonic()
    ended = scene.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sharj_app'")
    time.sleep(1.5)
    failed = [attempt for attempt in scene.attempts() if attempt.at > ended_at and attempt.status not in (200, 201)]
    scene.notes.append(f"{len(ended)} sessions ended, {len(failed)} requests failed")
    scene.require(len(failed) <= len(ended), "a session that ended cost more than one request")


def power_cut(scene: Scene) -> None:
    """Copy the disk as it is at one moment and start the copy: it holds all that was acknowledged by then."""
    scene.signal_postgres(signal.SIGSTOP)
    try:
        frozen_at = time.monotonic()
        home = scene.postgres.home.path.with_name(f"{scene.postgres.home.path.name}-copy")
        home.mkdir(mode=0o711)
        subprocess.run(
            ["cp", "-a", scene.postgres.home.data, scene.postgres.home.path / "passwords.json", home], check=True
        )
    finally:
        scene.signal_postgres(signal.SIGCONT)
    copy = EmbeddedPostgres(home, {"max_connections": "20", "shared_buffers": "32MB"})
    try:
        copy.start()
        kept = {entry.key for entry in sold_entries(copy.connection("superuser"), scene.name)}
        acknowledged = {a.key for a in scene.attempts() if a.status == 201 and a.key and a.at < frozen_at}
        scene.notes.append(f"{len(kept)} charges in the copy, {len(acknowledged)} acknowledged before it")
        scene.require(acknowledged <= kept, f"{len(acknowledged - kept)} acknowledged charges are not in the copy")
        environment = {**os.environ, "EMBEDDED_POSTGRES_DIR": str(home)}
        command = [sys.executable, str(REPOSITORY_ROOT / "manage.py"), "verify_ledger"]
        verified = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        scene.require(verified.returncode == 0, f"the copy's ledger is wrong: {verified.stdout}{verified.stderr}")
    finally:
        copy.destroy()


def frozen(scene: Scene) -> None:
    """Freeze the server without closing anything, for longer than every timeout, then let it go on."""
    scene.signal_postgres(signal.SIGSTOP)
    try:
        time.sleep(FREEZE_SECONDS)
        given_up = [attempt for attempt in scene.attempts() if attempt.status == 503]
        scene.require(bool(given_up), "requests hung: no statement was given up while the database was frozen")
    finally:
        scene.signal_postgres(signal.SIGCONT)


def lock_held(scene: Scene) -> None:
    """Lock every wallet in another session for longer than lock_timeout."""
    with open_database(scene.postgres.connection("superuser")) as stranger, stranger.cursor() as cursor:
        stranger.autocommit = False
        cursor.execute("SELECT 1 FROM transactions_wallet ORDER BY seller_id FOR UPDATE")
        time.sleep(5)
        stranger.rollback()
    waits = [attempt.at - attempt.began_at for attempt in scene.attempts() if attempt.status == 503]
    scene.notes.append(f"longest wait for a refusal {max(waits, default=0):.1f} s")
    # A waiter behind another waiter waits for two locks, one after the other, each for lock_timeout (2).
    scene.require(bool(waits) and max(waits) < LONGEST_WAIT_SECONDS, "a lock was waited for without end")


def pool_exhausted(scene: Scene) -> None:
    """Allow fewer connections to the database than the service has threads."""
    end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sharj_app'"
    scene.execute("ALTER ROLE sharj_app CONNECTION LIMIT 1", end_all)
    try:
        time.sleep(3)
    finally:
        scene.execute("ALTER ROLE sharj_app CONNECTION LIMIT -1")


def read_only(scene: Scene) -> None:
    """Make every transaction read-only, as on a standby that was promoted in configuration only."""
    reload = "SELECT pg_reload_conf()"
    scene.execute("ALTER SYSTEM SET default_transaction_read_only = on", reload)
    try:
        time.sleep(3)
    finally:
        # This session is read-only too, and ALTER SYSTEM is allowed in it.
        scene.execute("ALTER SYSTEM RESET default_transaction_read_only", reload)


def migration(scene: Scene) -> None:
    """Add and drop a column three times, as migrations do while the service sells."""
    alter = "SET lock_timeout = '2s'; ALTER TABLE transactions_{table} {change}"
    for _ in range(3):
        for change in ("ADD COLUMN fault_test integer", "DROP COLUMN fault_test"):
            for table in ("wallet", "ledgerentry"):
                scene.execute(alter.format(table=table, change=change))
            time.sleep(0.4)


def disk_full(scene: Scene) -> None:
    """Fill the disk below the data folder to the last byte, then free it."""
    disk = scene.postgres.home.data.resolve().parent
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(1_000_000)) == 1_000_000:
                pass
        except OSError:
            scene.notes.append(f"disk full after {filler.stat().st_size:,} bytes")
    try:
        time.sleep(3)
        refused = [attempt for attempt in scene.attempts() if attempt.status == 503]
        scene.require(bool(refused), "a full disk was not noticed")
    finally:
        filler.unlink()
        scene.postgres.start()  # if a full disk ended it


@contextmanager
def small_disk(postgres: EmbeddedPostgres) -> Iterator[None]:
    """Keep the data folder on a small file system of its own while the block runs. Needs root."""
    disk, data = postgres.home.path / "disk", postgres.home.data
    postgres.stop()
    disk.mkdir()
    options = f"size={SMALL_DISK_BYTES},mode=755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "sharj-faults", disk], check=True)
    try:
        _move(data, disk / "data")
        data.symlink_to(disk / "data")
        postgres.start()
        yield
        postgres.stop()
        data.unlink()
        _move(disk / "data", data)
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)
    postgres.start()


def _move(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", source, target], check=True)
    shutil.rmtree(source)
