"""Files of the counters of one gunicorn: one per process and kind, read together by a scrape.

A worker that ends leaves its counts behind. Workers are replaced all the time (`max_requests`), so the counts of a dead
one are added to one file of the dead; otherwise the folder, and the time of a scrape, would grow without end.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_KINDS = ("counter", "histogram")
_DEAD = "dead"


def create_folder() -> None:
    """Create a folder for this gunicorn, unless the environment names one; its workers inherit it."""
    if not os.environ.get(VARIABLE):
        memory = Path("/dev/shm")  # noqa: S108  (mkdtemp makes a private folder)
        os.environ[VARIABLE] = tempfile.mkdtemp(prefix="sharj-metrics-", dir=memory if memory.is_dir() else None)


def remove_folder() -> None:
    """Delete the folder when the last process ends."""
    if folder := os.environ.pop(VARIABLE, ""):
        shutil.rmtree(folder, ignore_errors=True)


def collector() -> "Collector":
    """Return a collector of the counts of all processes, living and dead."""
    from prometheus_client.multiprocess import MultiProcessCollector

    return cast("Collector", MultiProcessCollector(None))  # type: ignore[no-untyped-call]  # the library has no types here


@contextmanager
def _locked(operation: int) -> Iterator[Path]:
    folder = Path(os.environ[VARIABLE])
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, operation)
        yield folder


@contextmanager
def reading() -> Iterator[None]:
    """Keep the dead from being counted twice while the block reads."""
    with _locked(fcntl.LOCK_SH):
        yield


def bury(pid: int) -> None:
    """Add the counts of a worker that has ended to those of the dead, and delete its files. Called by the master."""
    from prometheus_client.mmap_dict import MmapedDict

    with _locked(fcntl.LOCK_EX) as folder:
        for kind in _KINDS:
            source = folder / f"{kind}_{pid}.db"
            if not source.exists():
                continue
            dead = MmapedDict(str(folder / f"{kind}_{_DEAD}.db"))  # type: ignore[no-untyped-call]  # the library has no types here
            for key, value, _, _ in MmapedDict.read_all_values_from_file(str(source)):  # type: ignore[no-untyped-call]  # the library has no types here
                so_far, _ = dead.read_value(key)  # type: ignore[no-untyped-call]  # the library has no types here
                dead.write_value(key, so_far + value, 0.0)  # type: ignore[no-untyped-call]  # the library has no types here
            dead.close()  # type: ignore[no-untyped-call]  # the library has no types here
            source.unlink()
