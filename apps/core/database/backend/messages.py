"""A connection that sends BEGIN, and writes that were put off, in one message with the statement that follows."""

from collections.abc import Iterable
from typing import Any

from psycopg2 import extensions

_BEGIN = b"BEGIN"


class Connection(extensions.connection):
    """psycopg2's connection, which itself stays in autocommit; BEGIN, COMMIT and ROLLBACK are sent from here.

    psycopg2 sends BEGIN as a message of its own. Here a transaction of two statements, the second put off, takes two
    messages instead of four, and its lock is held for one wait less.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        extensions.connection.autocommit.__set__(self, True)  # type: ignore[attr-defined]  # a property of C
        self.unsent: list[bytes] = []

    @property
    def autocommit(self) -> bool:
        """Tell whether each statement is a transaction of its own (of psycopg2, always)."""
        return True

    @autocommit.setter
    def autocommit(self, autocommit: bool) -> None:
        self.unsent = [] if autocommit else [_BEGIN]

    def put_off(self, statement: bytes) -> None:
        """Send `statement` in front of the next one; its error is then that one's."""
        self.unsent.append(statement)

    def commit(self) -> None:
        """Send COMMIT, in one message with what was put off; nothing, if no statement has begun the transaction."""
        if self.unsent != [_BEGIN]:
            self._end(b"COMMIT")
        self.unsent = []

    def rollback(self) -> None:
        """Forget what was put off, and send ROLLBACK if a statement has begun the transaction."""
        has_begun, self.unsent = _BEGIN not in self.unsent, []
        if has_begun:
            self._end(b"ROLLBACK")

    def _end(self, statement: bytes) -> None:
        with self.cursor() as cursor:
            cursor.execute(statement)


class MessageCursor(extensions.cursor):
    """A cursor whose statement takes along what was put off before it."""

    _own_query: bytes | None = None

    @property
    def query(self) -> bytes | None:
        """The last statement, without what it took along."""
        return self._own_query or super().query

    def execute(self, query: Any, vars: Any = None) -> None:
        self._own_query = None
        connection: Connection = self.connection  # type: ignore[assignment]  # the factory of both is ours
        if not connection.unsent:
            return super().execute(query, vars)
        self._own_query = self.mogrify(query, vars)
        unsent, connection.unsent = connection.unsent, []
        try:
            super().execute(b";".join([*unsent, self._own_query]))
        except Exception:
            # A message that cannot be parsed does nothing, not even BEGIN; without it the next statement would stay.
            if _BEGIN in unsent and connection.info.transaction_status == extensions.TRANSACTION_STATUS_IDLE:
                connection.unsent = [_BEGIN]
            raise

    def executemany(self, query: Any, vars_list: Iterable[Any]) -> None:
        for parameters in vars_list:  # psycopg2 does the same, past this class
            self.execute(query, parameters)

    def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
        if self.connection.unsent:  # type: ignore[attr-defined]  # COPY goes alone
            self.execute("SELECT")
        super().copy_expert(sql, file, size)
