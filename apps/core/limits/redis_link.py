"""Redis, which is optional: it shares counters and cached values among processes, never money.

After a failure it is not asked for a moment, so that a dead Redis costs one short wait and not one per request.
"""

import logging
import time
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from apps.core.observability import metrics

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

PAUSE_SECONDS = 5.0


class RedisLink:
    """A connection to Redis that answers None while Redis is away."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, **settings.REDIS_OPTIONS)
        self._paused_until = 0.0

    def ask(self, question: Callable[[Redis], Answer]) -> Answer | None:
        """Return the answer, or None if Redis is away."""
        if time.monotonic() < self._paused_until:
            return None
        try:
            return question(self._redis)
        except (RedisError, OSError) as error:
            self.failed(error)
            return None

    def failed(self, error: Exception) -> None:
        """Count and log a failure, and pause."""
        self._paused_until = time.monotonic() + PAUSE_SECONDS
        metrics.REDIS_FAILURES.inc()
        logger.warning("Redis is away, continuing without it: %s", error)

    def is_alive(self) -> bool:
        """Tell whether Redis answers; asks it even during a pause."""
        try:
            return bool(self._redis.ping())
        except (RedisError, OSError):
            return False


@lru_cache(maxsize=2)
def _link(url: str) -> RedisLink:
    return RedisLink(url)


def redis_link() -> RedisLink | None:
    """Return the link to the Redis of REDIS_ADDR, or None if that is not set."""
    url: str = settings.REDIS_URL
    return _link(url) if url else None
