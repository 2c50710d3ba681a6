"""Counts of one machine: exact among processes, of fixed size, and not locked by a process that died."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from apps.core.limits.host_counts import SIZE_BYTES, HostCounts
from apps.core.limits.rate_limits import Limit, count, local_counts
from apps.core.observability import metrics_files

ADD = """
import sys; from pathlib import Path; from apps.core.limits.host_counts import HostCounts
counts = HostCounts(Path(sys.argv[1]), "secret")
sys.stdin.readline()
for _ in range(20_000): counts.add("key", 1, 600)
"""
HOLD = """
import fcntl, os, sys, time
descriptor = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT); fcntl.lockf(descriptor, fcntl.LOCK_EX)
print("held", flush=True); time.sleep(60)
"""


def _run(script: str, file: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(file)], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def test_processes_count_together_and_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "limits"
    processes = [_run(ADD, file) for _ in range(4)]
    time.sleep(1)  # so that all of them are there when they are let go
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0

    assert HostCounts(file, "secret").add("key", 0, 600)[0] == 80_000


def test_a_window_ends_and_the_next_begins_at_nothing(tmp_path: Path) -> None:
    counts = HostCounts(tmp_path / "limits", "secret")
    assert counts.add("key", 3, 0)[0] == 3
    time.sleep(0.01)

    times, left = counts.add("key", 1, 60)

    assert times == 1
    assert 59 < left <= 60
    assert counts.add("another", 1, 60)[0] == 1


def test_it_does_not_grow_and_goes_on_counting_when_it_is_full(tmp_path: Path) -> None:
    file = tmp_path / "limits"
    counts = HostCounts(file, "secret")
    for number in range(70_000):
        counts.add(str(number), 1, 60)

    assert file.stat().st_size == SIZE_BYTES < 2_000_000
    assert [counts.add("new", 1, 60)[0] for _ in range(3)] == [1, 2, 3]


def test_a_process_that_is_killed_with_the_lock_blocks_no_other(tmp_path: Path) -> None:
    file = tmp_path / "limits"
    holder = _run(HOLD, file)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate(timeout=10)

    assert HostCounts(file, "secret").add("key", 1, 60)[0] == 1


def test_under_gunicorn_limits_are_counted_for_all_its_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(metrics_files.VARIABLE, str(tmp_path))
    local_counts.clear()

    counted = [count("key", Limit(2, 60)).exceeds(Limit(2, 60)) for _ in range(3)]

    assert counted == [False, False, True]
    assert (tmp_path / "limits").exists()
    assert local_counts._counts == {}
