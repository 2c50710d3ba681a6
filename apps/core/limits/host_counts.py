"""Counts that all processes of one gunicorn share, in memory: for a machine without Redis.

They are a table of fixed size in a file below /dev/shm, so that an attacker with many addresses can neither fill the
memory nor get past a limit by reaching another process each time.
"""

import fcntl
import mmap
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from threading import Lock

_SLOT = struct.Struct("<Qqd")  # digest of the key, times, end of the window on the machine's monotonic clock
_SLOTS_PER_BUCKET = 8
_BUCKETS = 8_192
SIZE_BYTES = _SLOT.size * _SLOTS_PER_BUCKET * _BUCKETS


class HostCounts:
    """Counts in `file`. `secret` keeps others from choosing keys that meet in one bucket."""

    def __init__(self, file: Path, secret: str) -> None:
        self._secret = secret.encode()[:64]
        self._thread_lock = Lock()
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.ftruncate(self._descriptor, SIZE_BYTES)
        self._table = mmap.mmap(self._descriptor, SIZE_BYTES)

    def add(self, key: str, amount: int, seconds: int) -> tuple[int, float]:
        """Add to a count that begins anew every `seconds`; return it, and the seconds left of its window."""
        digest = int.from_bytes(blake2b(key.encode(), digest_size=8, key=self._secret).digest(), "little") or 1
        with self._locked():
            now = time.monotonic()
            place = self._find(digest)
            held, times, until = _SLOT.unpack_from(self._table, place)
            if held != digest or until <= now:
                times, until = 0, now + seconds
            _SLOT.pack_into(self._table, place, digest, times + amount, until)
        return times + amount, until - now

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep out other threads and other processes; the kernel opens the lock of a process that dies."""
        with self._thread_lock:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._descriptor, fcntl.LOCK_UN)

    def _find(self, digest: int) -> int:
        """Return the place of `digest`, or the place of the slot that ends first, which it takes over."""
        bucket = digest % _BUCKETS * _SLOTS_PER_BUCKET * _SLOT.size
        places = range(bucket, bucket + _SLOTS_PER_BUCKET * _SLOT.size, _SLOT.size)
        slots = [(_SLOT.unpack_from(self._table, place), place) for place in places]
        return next(
            (place for (held, _, _), place in slots if held == digest),
            min((until, place) for (_, _, until), place in slots)[1],
        )
