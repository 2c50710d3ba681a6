"""Two use cases on two connections: the first is held at a chosen moment while the second runs."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from time import monotonic, sleep
from typing import Any

from django.db import connection, connections

from apps.testing import citus
from apps.testing.races import outcome

PATIENCE_SECONDS = 20
_IS_BLOCKED = "SELECT cardinality(pg_blocking_pids(%(pid)s)) > 0"
_IS_BLOCKED_ON_CITUS = "SELECT EXISTS (SELECT 1 FROM citus_lock_waits)"  # locks are on nodes, and tests run alone


class Held:
    """An act in a thread of its own, held before its statement number `point` (the last is the commit)."""

    def __init__(self, act: Callable[[], object], point: int = 0) -> None:
        self._act, self._point, self._seen = act, point, 0
        self.pid = 0
        self.arrived, self.release = Event(), Event()

    def run(self) -> str:
        """Return how the act ended."""
        own = connections["default"]
        try:
            own.ensure_connection()
            self.pid = own.connection.info.backend_pid
            with own.execute_wrapper(self._before_statement), self._before_commit(own):
                return outcome(self._act)
        finally:
            self.arrived.set()
            own.close()

    def _before_statement(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        self._count()
        return execute(*arguments)

    @contextmanager
    def _before_commit(self, own: Any) -> Iterator[None]:
        commit = own._commit

        def counted() -> None:
            self._count()
            commit()

        own._commit = counted
        try:
            yield
        finally:
            del own._commit

    def _count(self) -> None:
        self._seen += 1
        if self._seen == self._point:
            self.arrived.set()
            assert self.release.wait(PATIENCE_SECONDS)

    @property
    def was_held(self) -> bool:
        """Tell whether the act came to its point."""
        return 0 < self._point <= self._seen


def interleave(first: Callable[[], object], second: Callable[[], object], point: int) -> tuple[str, str] | None:
    """Hold `first` at `point` until `second` has ended or waits for a lock; return how both ended.

    None: `first` has no such point.
    """
    held, other = Held(first, point), Held(second)
    with ThreadPoolExecutor(2) as pool:
        ends = [pool.submit(held.run)]
        try:
            assert held.arrived.wait(PATIENCE_SECONDS)
            ends.append(pool.submit(other.run))
            _wait_until_blocked_or_done(other, ends[1])
        finally:
            held.release.set()
        outcomes = ends[0].result(PATIENCE_SECONDS), ends[1].result(PATIENCE_SECONDS)
    return outcomes if held.was_held else None


def _wait_until_blocked_or_done(other: Held, end: "Future[str]") -> None:
    limit = monotonic() + PATIENCE_SECONDS
    while not end.done():
        assert monotonic() < limit
        with connection.cursor() as cursor:
            cursor.execute(_IS_BLOCKED_ON_CITUS if citus.is_wanted() else _IS_BLOCKED, {"pid": other.pid})
            if cursor.fetchone()[0]:
                return
        sleep(0.002)
