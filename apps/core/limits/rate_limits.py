"""Rate limits: counted in Redis for all servers together, or without Redis by each server.

A limit protects other clients and is not a rule about money: when Redis dies, requests go on, held to the limit by
the counts that each server has made since. The processes of one server count together (`host_counts`).
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from pathlib import Path
from threading import Lock

from django.conf import settings
from redis import Redis

from apps.core.limits.host_counts import HostCounts
from apps.core.limits.redis_link import redis_link
from apps.core.observability import metrics_files

_MAX_LOCAL_KEYS = 20_000


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of times (0: unlimited) within a number of seconds."""

    times: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Count:
    """The number of times in the present window, and the seconds until that window ends."""

    times: int
    seconds_left: float

    def exceeds(self, limit: Limit) -> bool:
        """Tell whether the count is above the limit."""
        return 0 < limit.times < self.times


class LocalCounts:
    """The counts of this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[str, tuple[int, float]] = {}

    def add(self, key: str, amount: int, seconds: int) -> Count:
        """Add to a count that begins anew every `seconds`."""
        now = time.monotonic()
        with self._lock:
            times, until = self._counts.get(key, (0, 0.0))
            if until <= now:
                times, until = 0, now + seconds
            self._counts[key] = (times + amount, until)
            if len(self._counts) > _MAX_LOCAL_KEYS:
                self._forget(now)
            return Count(times + amount, until - now)

    def _forget(self, now: float) -> None:
        self._counts = {key: count for key, count in self._counts.items() if count[1] > now}
        for key in list(self._counts)[: len(self._counts) - _MAX_LOCAL_KEYS // 2]:
            del self._counts[key]  # an attacker with many addresses must not fill the memory

    def clear(self) -> None:
        """Forget everything."""
        self._counts.clear()


local_counts = LocalCounts()


def count(key: str, limit: Limit, amount: int = 1) -> Count:
    """Add `amount` (negative: take back) to the count of `key`, and return the count."""
    if not limit.times:
        return Count(0, 0)
    link = redis_link()
    shared = link.ask(_adding(f"sharj:limit:{key}", amount, limit.seconds)) if link else None
    return shared or _count_here(key, limit, amount)


def _count_here(key: str, limit: Limit, amount: int) -> Count:
    folder = os.environ.get(metrics_files.VARIABLE)  # gunicorn makes one for its processes
    if not folder:
        return local_counts.add(key, amount, limit.seconds)
    return Count(*_host_counts(Path(folder), os.getpid()).add(key, amount, limit.seconds))


@lru_cache(maxsize=1)
def _host_counts(folder: Path, pid: int) -> HostCounts:
    """Return the table of this server, opened by this process: a lock inherited through fork locks out no other."""
    return HostCounts(folder / "limits", settings.SECRET_KEY)


def _adding(key: str, amount: int, seconds: int) -> Callable[[Redis], Count]:
    def add(redis: Redis) -> Count:
        with redis.pipeline(transaction=False) as pipeline:
            pipeline.incrby(key, amount)
            pipeline.expire(key, seconds, nx=True)
            pipeline.pttl(key)
            times, _, milliseconds_left = pipeline.execute()
        return Count(int(times), max(0, int(milliseconds_left)) / 1000)

    return add


def describe(policy: str, limit: Limit, counted: Count) -> dict[str, str]:
    """Return the RateLimit headers of a count (draft-ietf-httpapi-ratelimit-headers-10)."""
    left = max(0, limit.times - counted.times)
    return {
        "RateLimit-Policy": f'"{policy}";q={limit.times};w={limit.seconds}',
        "RateLimit": f'"{policy}";r={left};t={ceil(counted.seconds_left)}',
    }


def retry_after_seconds(counted: Count) -> int:
    """Return the whole seconds until the window ends, at least 1."""
    return max(1, ceil(counted.seconds_left))
