"""Reads that a standby of PostgreSQL answers instead of the primary: reports, exports, long lists of staff.

A read goes to the standby only once that has replayed everything that the primary had when the read began, so callers
always see their own writes. If the standby fails, the primary answers. Data that must be current (balances, idempotency
keys, sessions, rows read to be changed) is never read from it. ADR 12 has the reasons.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial, wraps
from typing import Any, Final, Literal, ParamSpec, TypeVar

from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connection, connections
from django.db.models import Model
from prometheus_client.core import Metric
from psycopg2.errors import QueryCanceled, SerializationFailure

from apps.core.database.errors import is_temporary
from apps.core.observability import metrics

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")
Arguments = ParamSpec("Arguments")
State = Literal["ok", "behind", "unavailable"]

REPLICA: Final = "replica"
# After a failure the standby is not asked for a moment: a dead one must not cost every request a timeout.
PAUSE_SECONDS = 5.0
# A frozen standby never answers. The question for its position has to be answered within this time.
PATIENCE_SECONDS = 2.0
POLL_SECONDS = 0.01

# A promoted standby does not count: it has a history of its own until the settings name it as the primary.
_HAS_REPLAYED = "SELECT pg_is_in_recovery() AND coalesce(pg_last_wal_replay_lsn() >= %s::pg_lsn, false)"

_reading: ContextVar[bool] = ContextVar("reading_from_replica", default=False)


class NotFromReplica(RuntimeError):
    """A query for data that only the primary has was about to go to the standby: a bug."""


class ReplicaRouter:
    """A router that sends reads of REPLICA_MODELS within `read` to the standby, and all else to the primary."""

    def db_for_read(self, model: type[Model], **_: Any) -> str:
        return REPLICA if _reading.get() and model._meta.label in settings.REPLICA_MODELS else DEFAULT_DB_ALIAS

    def db_for_write(self, model: type[Model], **_: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Model, other: Model, **_: Any) -> bool:
        return True  # a row read from the standby is the primary's row

    def allow_migrate(self, db: str, app_label: str, **_: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


def read(question: Callable[[], Answer]) -> Answer:
    """Return the answer to `question` from the standby if that is in order, else from the primary.

    `question` reads only, has fetched its rows when it returns, and may be asked twice.
    """
    # Rows read within a transaction of the primary may be about to be changed.
    if REPLICA not in connections.settings or _reading.get() or connection.in_atomic_block:
        return question()
    return _replica.ask(question)


def from_replica(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Decorate a function whose calls are questions for `read`."""

    @wraps(function)
    def ask(*args: Arguments.args, **options: Arguments.kwargs) -> Answer:
        return read(partial(function, *args, **options))

    return ask


def reading_alias() -> str:
    """Return the alias for raw cursors: the standby's within `read`."""
    return REPLICA if _reading.get() else DEFAULT_DB_ALIAS


def state() -> State | None:
    """Return the state of the standby, or None without one. During a pause it is the state found last."""
    return _replica.state() if REPLICA in connections.settings else None


class _Replica:
    """The state of the standby in this process."""

    def __init__(self) -> None:
        self._paused_until = 0.0
        self._trouble: State = "ok"

    def ask(self, question: Callable[[], Answer]) -> Answer:
        if self.state() == "ok":
            try:
                with _reading_from_replica():
                    answer = question()
            except Error as error:
                if not _is_replicas_fault(error):
                    raise
                self._note_failure(error)
            else:
                metrics.REPLICA_READS.labels("replica").inc()
                return answer
        metrics.REPLICA_READS.labels("primary").inc()
        return question()

    def state(self) -> State:
        if time.monotonic() < self._paused_until:
            return self._trouble
        with connection.cursor() as cursor:
            # Every acknowledged commit is flushed.
            cursor.execute("SELECT pg_current_wal_flush_lsn()")
            position: str = cursor.fetchone()[0]
        try:
            if _wait_until_replayed(position):
                return "ok"
        except Error as error:
            self._pause("unavailable", error)
        else:
            self._pause("behind", f"not at {position} after {settings.DATABASE_REPLICA_MAX_LAG_SECONDS} s")
        return self._trouble

    def _note_failure(self, error: Error) -> None:
        if isinstance(error.__cause__, SerializationFailure):
            _report("cancelled", error)  # by the replay: the next read may succeed
        else:
            self._pause("unavailable", error)

    def _pause(self, trouble: State, reason: object) -> None:
        self._paused_until, self._trouble = time.monotonic() + PAUSE_SECONDS, trouble
        connections[REPLICA].close()
        _report(trouble, reason)


_replica = _Replica()


def replica_gauges() -> Iterator[Metric]:
    """Yield whether the standby would be asked now; yield nothing without a standby."""
    if (standby := state()) is not None:
        yield metrics.gauge(
            "sharj_database_replica_up", "Does the standby have all that the primary has?", standby == "ok"
        )


metrics.register_gauges(replica_gauges)


def _report(trouble: str, reason: object) -> None:
    metrics.REPLICA_FAILURES.labels(trouble).inc()
    logger.warning("the standby is %s, the primary answers: %s", trouble, str(reason).strip().split("\n")[0])


def _wait_until_replayed(position: str) -> bool:
    """Tell whether the standby has replayed up to `position`, or does within DATABASE_REPLICA_MAX_LAG_SECONDS."""
    limit: float = settings.DATABASE_REPLICA_MAX_LAG_SECONDS
    deadline = time.monotonic() + limit
    standby: Any = connections[REPLICA]
    standby.ensure_connection()
    with standby.patience(PATIENCE_SECONDS), standby.cursor() as cursor:
        while True:
            cursor.execute(_HAS_REPLAYED, [position])
            if cursor.fetchone()[0]:
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)


def _is_replicas_fault(error: Error) -> bool:
    """Tell whether the primary may succeed where the standby failed: not with a query that takes too long anywhere."""
    return is_temporary(error) and not isinstance(error.__cause__, QueryCanceled)


@contextmanager
def _reading_from_replica() -> Iterator[None]:
    token = _reading.set(True)
    try:
        with connections[REPLICA].execute_wrapper(_refuse_what_must_be_current):
            yield
    finally:
        _reading.reset(token)


def _refuse_what_must_be_current(execute: Callable[..., Any], sql: Any, *arguments: Any) -> Any:
    if found := _must_be_current().search(str(sql)):
        raise NotFromReplica(f"{found[0]} is asked of the primary only.")
    return execute(sql, *arguments)


@cache
def _must_be_current() -> re.Pattern[str]:
    """Match a row lock and the names of all tables that are not REPLICA_MODELS'."""
    others = [model for model in apps.get_models(include_auto_created=True)
              if model._meta.label not in settings.REPLICA_MODELS]  # fmt: skip
    tables = "|".join(sorted(re.escape(model._meta.db_table) for model in others))
    return re.compile(rf"\b({tables})\b|\bFOR (NO KEY )?(UPDATE|(KEY )?SHARE)\b", re.IGNORECASE)
