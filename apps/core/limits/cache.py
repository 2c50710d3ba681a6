"""A cache in Redis whose reads are misses while Redis is away."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache

from apps.core.limits.redis_link import redis_link

Answer = TypeVar("Answer")


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache, for the operations in use; a failure is a miss."""

    def _try(self, operation: Callable[[], Answer], otherwise: Answer) -> Answer:
        link = redis_link()
        answer = link.ask(lambda _: (operation(),)) if link else None
        return answer[0] if answer else otherwise

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._try(lambda: super(ForgivingRedisCache, self).get(key, default, version), default)

    def set(self, key: Any, value: Any, timeout: Any = 300, version: int | None = None) -> None:
        self._try(lambda: super(ForgivingRedisCache, self).set(key, value, timeout, version), None)

    def add(self, key: Any, value: Any, timeout: Any = 300, version: int | None = None) -> bool:
        return self._try(lambda: super(ForgivingRedisCache, self).add(key, value, timeout, version), True)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return self._try(lambda: super(ForgivingRedisCache, self).delete(key, version), False)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        return self._try(lambda: super(ForgivingRedisCache, self).get_many(keys, version), {})
