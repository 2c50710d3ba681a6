"""Counts of one process, where no Redis shares them."""

from pytest_django import Settings

from apps.core.limits.rate_limits import Limit, LocalCounts, count


def test_without_redis_limits_are_those_of_the_process(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # no server listens there
    limit = Limit(2, 60)
    assert [count("key", limit).exceeds(limit) for _ in range(3)] == [False, False, True]


def test_local_counts_do_not_grow_without_end() -> None:
    counts = LocalCounts()
    for number in range(25_000):
        counts.add(str(number), 1, 60)
    assert len(counts._counts) <= 20_000
