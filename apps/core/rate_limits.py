"""How often somebody may do something: counted in Redis for all processes together, or by each for itself without it.

A limit is a courtesy to everybody else, not a rule about money: when Redis dies, requests go on, held to the limit by
each process's own count.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from threading import Lock

from redis import Redis

from apps.core.redis_link import redis_link

_MAX_LOCAL_KEYS = 20_000


@dataclass(frozen=True, slots=True)
class Limit:
    """So many times (0: no limit) in so many seconds."""

    times: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Count:
    """How often it was done in the present window, and when that window ends."""

    times: int
    seconds_left: float

    def exceeds(self, limit: Limit) -> bool:
        """Tell whether this is more than the limit allows."""
        return 0 < limit.times < self.times


class LocalCounts:
    """The counts of this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[str, tuple[int, float]] = {}

    def add(self, key: str, amount: int, seconds: int) -> Count:
        """Add to a count that begins anew every so many seconds."""
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
    """Add `amount` (negative: take back) to what is counted under `key`, and return the count."""
    if not limit.times:
        return Count(0, 0)
    link = redis_link()
    shared = link.ask(_adding(f"sharj:limit:{key}", amount, limit.seconds)) if link else None
    return shared or local_counts.add(key, amount, limit.seconds)


def _adding(key: str, amount: int, seconds: int) -> Callable[[Redis], Count]:
    def add(redis: Redis) -> Count:
        with redis.pipeline(transaction=False) as pipeline:
            pipeline.incrby(key, amount)
            pipeline.expire(key, seconds, nx=True)
            pipeline.pttl(key)
            times, _, milliseconds_left = pipeline.execute()
        return Count(int(times), max(0, int(milliseconds_left)) / 1000)

    return add


def retry_after_seconds(counted: Count) -> int:
    """Return after how many whole seconds it is worth trying again."""
    return max(1, ceil(counted.seconds_left))
