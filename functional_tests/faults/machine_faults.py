"""Faults of the machine that the service runs on: its memory ends, its clock is wrong."""

import http.client
import json
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from functional_tests.faults.scene import Scene, signal_process

# cgroup 1, as here, and cgroup 2: where a group is made, and what limits its memory.
_MEMORY_GROUPS = (
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
    (Path("/sys/fs/cgroup"), "memory.max"),
)
_LIMIT_BYTES = 100_000  # of what a worker takes from now on: a few pages
_OUT_OF_MEMORY_KILLS = 3


def memory_groups() -> tuple[Path, str] | None:
    """Return where a group with a limit of memory can be made, and the name of the limit; None: nowhere."""
    for root, limit in _MEMORY_GROUPS:
        probe = root / f"sharj-{secrets.token_hex(4)}"
        try:
            probe.mkdir()
        except OSError:
            continue
        has_limit = (probe / limit).exists()
        probe.rmdir()
        if has_limit:
            return root, limit
    return None


@contextmanager
def _memory_group() -> Iterator[Path]:
    found = memory_groups()
    assert found is not None
    root, limit = found
    group = root / f"sharj-{secrets.token_hex(4)}"
    group.mkdir()
    try:
        (group / limit).write_text(str(_LIMIT_BYTES))
        yield group
    finally:
        for pid in (group / "cgroup.procs").read_text().split():
            signal_process(int(pid), signal.SIGKILL)
        deadline = time.monotonic() + 5
        while (group / "cgroup.procs").read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        group.rmdir()


def out_of_memory(scene: Scene) -> None:
    """Limit the memory of one worker after the other, so that the kernel's out-of-memory killer ends it."""
    killed = 0
    with _memory_group() as group:
        for _ in range(_OUT_OF_MEMORY_KILLS):
            workers = scene.workers()
            victim = scene.rng.choice(workers)
            (group / "cgroup.procs").write_text(str(victim))
            deadline = time.monotonic() + 5
            while victim in scene.workers() and time.monotonic() < deadline:
                time.sleep(0.05)
            killed += victim not in scene.workers()
    scene.notes.append(f"{killed} workers killed by the kernel")
    scene.require(killed > 0, "the kernel killed no worker, so nothing was tested")


def build_moved_clock(folder: Path) -> Path:
    """Compile the library that moves a process's clock, and return its path."""
    library = folder / "moved_clock.so"
    source = Path(__file__).with_name("moved_clock.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


def clock_moved(scene: Scene) -> None:
    """Serve with a clock that is a day off while PostgreSQL's is right: entries have the right time."""
    time.sleep(3)
    now = datetime.now(UTC)
    times = scene.execute(
        "SELECT min(created_at), max(created_at), count(*) FROM transactions_ledgerentry"
        f" WHERE starts_with(idempotency_key, '{scene.name}-')"
    )
    first, last, count = times[0]
    scene.require(count > 0 and now - first < timedelta(minutes=5) and last - now < timedelta(minutes=1),
                  f"entries are dated {first} to {last}, and it is {now}")  # fmt: skip
    off = _server_clock(scene.port) - now
    scene.notes.append(f"the service's clock was {off.total_seconds() / 3600:+.0f} h off")
    scene.require(abs(abs(off) - timedelta(days=1)) < timedelta(minutes=5), f"its clock was only {off} off")


def _server_clock(port: int) -> datetime:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/api/v1/health/live/")
    text = connection.getresponse().headers["Date"] or ""
    connection.close()
    return datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)


def log_in(port: int, username: str, password: str) -> str:
    """Return the access token of a login at the running server, whose clock its tokens follow."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    body = json.dumps({"username": username, "password": password})
    connection.request("POST", "/api/v1/auth/seller/login/", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    token: str = json.loads(answer.read())["access"]
    connection.close()
    return token
