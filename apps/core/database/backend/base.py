"""Django's PostgreSQL backend with a health check without a round trip, and with known outcomes of lost connections."""

import select
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError
from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper
from psycopg2.extensions import register_type

from apps.core.database.backend.messages import Connection, MessageCursor
from apps.core.database.backend.moments import DAY, MOMENT
from apps.core.database.backend.watchdog import watchdog
from apps.core.database.errors import OutcomeUnknown, is_temporary, leaves_commit_open
from apps.core.observability import request_id


class Cursor(CursorWrapper):
    """A cursor that records since when it waits, and raises `OutcomeUnknown` if a write loses its connection."""

    db: "DatabaseWrapper"

    def _execute(self, sql: Any, params: Any, *context: Any) -> Any:
        self.db.waiting_since = time.monotonic()
        try:
            return super()._execute(sql, params, *context)  # type: ignore[misc]  # Django has it; the stubs do not
        except DatabaseError as error:
            if self.db.is_lost and is_temporary(error) and self.db.autocommit and not _is_read(sql):
                raise OutcomeUnknown(*error.args) from error
            raise
        finally:
            self.db.waiting_since = None

    def _executemany(self, sql: Any, params: Any, *context: Any) -> Any:
        with self.db.waiting():
            return super()._executemany(sql, params, *context)  # type: ignore[misc]  # as above


def _is_read(sql: Any) -> bool:
    return str(sql).lstrip()[:6].upper() == "SELECT"


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose health check asks the socket, whose waits are limited, and whose lost commits are told apart.

    Django's own check (`CONN_HEALTH_CHECKS`) sends `SELECT 1` before the first query of every request. A server that
    closed the connection has left an end-of-file to read on the socket, and an idle connection has nothing to read, so
    `poll` without a wait tells them apart. Only a connection with something to read is asked with a query.
    """

    # Start (monotonic clock) of the statement that waits for the server, or None.
    waiting_since: float | None = None
    # Seconds that a statement may wait; None: unlimited. The server's own timeouts are shorter.
    patience_seconds: float | None = None
    # The request in which this connection last committed something.
    committed_in: str | None = None

    @property
    def is_lost(self) -> bool:
        """Tell whether the connection is closed, by either end."""
        return self.connection is None or bool(self.connection.closed)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Tell the watchdog that the block waits for the server."""
        self.waiting_since = time.monotonic()
        try:
            yield
        finally:
            self.waiting_since = None

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """Let the statements of the block take longer."""
        before, self.patience_seconds = self.patience_seconds, seconds
        try:
            yield
        finally:
            self.patience_seconds = before

    def get_connection_params(self) -> dict[str, Any]:
        factories = {"connection_factory": Connection, "cursor_factory": MessageCursor}
        return {**super().get_connection_params(), **factories}

    def get_new_connection(self, conn_params: Any) -> Any:
        self.patience_seconds = self.settings_dict.get("ANSWER_TIMEOUT_SECONDS")
        connection = super().get_new_connection(conn_params)
        for kind in (DAY, MOMENT):
            register_type(kind, connection)
        watchdog.watch(self)
        return connection

    def make_cursor(self, cursor: Any) -> CursorWrapper:
        return Cursor(cursor, self)

    def put_off(self, sql: str, params: Sequence[Any]) -> None:
        """Send a statement whose result is not read together with the next one, at the latest with COMMIT.

        An error of it is raised there. Outside a transaction it is sent at once.
        """
        with self.cursor() as cursor:
            if not self.in_atomic_block:
                cursor.execute(sql, params)
                return
            statement = cursor.mogrify(sql, params)
        self.connection.put_off(statement)
        if self.queries_logged:  # a statement all the same
            self.queries_log.append({"sql": statement.decode(), "time": "0.000"})

    def is_usable(self) -> bool:
        if self.is_lost:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        if not poll.poll(0):
            return True
        with self.waiting():
            usable: bool = super().is_usable()
        return usable

    def set_autocommit(self, autocommit: bool, force_begin_transaction_with_broken_autocommit: bool = False) -> None:
        """Set autocommit, but do not connect anew for it.

        The end of a transaction calls this also when its connection was lost. The failure of a new connection would
        then replace the error of the lost one. Every new connection begins in autocommit anyway.
        """
        if autocommit and self.connection is None:
            self.autocommit = True
            return
        super().set_autocommit(autocommit, force_begin_transaction_with_broken_autocommit)

    def _commit(self) -> None:
        """Commit. Raise `OutcomeUnknown` if the connection broke before the server's answer came.

        An error that leaves the connection open is the server's report that it rolled back, but for one of Citus.
        """
        self.waiting_since = time.monotonic()
        try:
            super()._commit()  # type: ignore[misc]  # Django has it; the stubs do not
        except DatabaseError as error:
            if self.is_lost or leaves_commit_open(error):
                raise OutcomeUnknown(*error.args) from error
            raise
        finally:
            self.waiting_since = None
        self.committed_in = request_id.current()

    def _rollback(self) -> None:
        with self.waiting():
            super()._rollback()  # type: ignore[misc]  # as above
