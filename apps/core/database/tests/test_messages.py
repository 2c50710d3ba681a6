"""What shares a message with another statement: BEGIN, writes that were put off, COMMIT. PostgreSQL's side is asked."""

import io
from contextlib import suppress
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction
from psycopg2.extensions import cursor

from apps.core.database.backend.messages import MessageCursor

pytestmark = pytest.mark.django_db(transaction=True)

# A table that the application may add to; `slot` is not null.
ADD = "INSERT INTO transactions_refusalcount (day, code, slot, number) VALUES ('2026-01-01', 'x', %s, 1)"

ADD_1 = (ADD % 1).encode()
COPY = "COPY transactions_refusalcount (day, code, slot, number) FROM STDIN"


class Abandoned(Exception):
    """Ends a transaction."""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The messages that were sent."""
    messages: list[bytes] = []

    class Recorded(cursor):
        def execute(self, query: Any, vars: Any = None) -> None:
            messages.append(query if isinstance(query, bytes) else self.mogrify(query, vars))
            super().execute(query, vars)

    factory = type("Cursor", (MessageCursor, Recorded), {})
    connection.ensure_connection()
    monkeypatch.setattr(connection.connection, "cursor_factory", factory)
    return messages


def _run(statement: str, *parameters: int) -> None:
    with connection.cursor() as asking:
        asking.execute(statement, parameters or None)


def _put_off(number: int | None) -> None:
    connection.put_off(ADD, [number])  # type: ignore[attr-defined]  # of our own backend


def _put_off_in_a_savepoint(*then: str) -> None:
    with transaction.atomic():
        _put_off(None)
        for statement in then:
            _run(statement)


def _numbers() -> list[int]:
    with connection.cursor() as asking:
        asking.execute("SELECT slot FROM transactions_refusalcount ORDER BY slot")
        return [number for (number,) in asking.fetchall()]


def test_a_read_and_a_write_that_is_put_off_are_two_messages(sent: list[bytes]) -> None:
    with transaction.atomic():
        _run("SELECT 1")
        _put_off(1)
    assert sent == [b"BEGIN;SELECT 1", ADD_1 + b";COMMIT"]
    assert _numbers() == [1]


def test_a_transaction_without_a_statement_sends_nothing(sent: list[bytes]) -> None:
    with transaction.atomic():
        pass
    with suppress(Abandoned), transaction.atomic():
        raise Abandoned
    with transaction.atomic():
        transaction.set_rollback(True)
    assert sent == []


def test_a_write_that_is_put_off_goes_before_the_next_statement_and_is_seen_by_it(sent: list[bytes]) -> None:
    with transaction.atomic():
        _put_off(1)
        assert _numbers() == [1]
        with transaction.atomic():
            _put_off(2)
        _put_off(3)
    assert _numbers() == [1, 2, 3]
    assert sent[0].startswith(b"BEGIN;" + ADD_1 + b";SELECT")


def test_outside_a_transaction_nothing_is_put_off(sent: list[bytes]) -> None:
    _put_off(1)
    assert sent == [ADD_1]
    assert _numbers() == [1]


def test_what_was_put_off_is_forgotten_with_its_transaction(sent: list[bytes]) -> None:
    with suppress(Abandoned), transaction.atomic():
        _run("SELECT 1")
        _put_off(1)
        raise Abandoned
    assert sent == [b"BEGIN;SELECT 1", b"ROLLBACK"]
    assert _numbers() == []


def test_its_error_is_that_of_the_commit_and_nothing_stays() -> None:
    def write() -> None:
        with transaction.atomic():
            _run(ADD, 1)
            _put_off(None)

    with pytest.raises(IntegrityError):
        write()
    assert _numbers() == []
    with transaction.atomic():
        _run(ADD, 2)
    assert _numbers() == [2]


def test_its_error_is_that_of_the_next_statement_and_a_savepoint_undoes_it() -> None:
    with transaction.atomic():
        _run(ADD, 1)
        with pytest.raises(IntegrityError):
            _put_off_in_a_savepoint("SELECT 1")
        with pytest.raises(IntegrityError):
            _put_off_in_a_savepoint()
        _run(ADD, 2)
    assert _numbers() == [1, 2]


@pytest.mark.parametrize("wrong", ["SELEC 1", "SELECT 1/0", "SELECT nothing"])
def test_after_a_first_statement_that_fails_nothing_stays_outside_the_transaction(wrong: str) -> None:
    """PostgreSQL does nothing of a message that it cannot parse: BEGIN is sent again with what follows."""
    with suppress(Abandoned, DatabaseError), transaction.atomic():
        with suppress(DatabaseError):
            _run(wrong)
        _run(ADD, 1)
        raise Abandoned
    assert _numbers() == []


def test_what_fails_in_a_savepoint_leaves_the_transaction_as_it_was() -> None:
    with transaction.atomic():
        with pytest.raises(ProgrammingError), transaction.atomic():
            _run("SELEC 1")
        _run(ADD, 1)
    assert _numbers() == [1]


def test_copy_and_many_rows_are_in_the_transaction() -> None:
    with suppress(Abandoned), transaction.atomic():
        with connection.cursor() as asking:
            asking.copy_expert(COPY, io.StringIO("2026-01-01\tx\t1\t1\n2026-01-01\tx\t2\t1\n"))
            asking.executemany(ADD, [(3,), (4,)])
        assert _numbers() == [1, 2, 3, 4]
        raise Abandoned
    with suppress(Abandoned), transaction.atomic():
        with connection.cursor() as asking:
            asking.executemany(ADD, [(3,), (4,)])
        raise Abandoned
    assert _numbers() == []


def test_a_cursor_tells_its_own_statement_only() -> None:
    with transaction.atomic(), connection.cursor() as asking:
        asking.execute("SELECT %s", [1])
        assert asking.query == b"SELECT 1"
        asking.execute("SELECT 2")
        assert asking.query == b"SELECT 2"
