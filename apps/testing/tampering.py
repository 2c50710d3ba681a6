"""Changes of rows by a superuser, without triggers."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg2.extensions import cursor

from apps.core.database.logins import database_login
from apps.core.database.roles import open_database


@contextmanager
def superuser_without_triggers() -> Iterator[cursor]:
    """Yield a cursor on the test database that bypasses triggers and foreign keys."""
    login = database_login("superuser", connection.settings_dict["NAME"])
    with open_database(login) as database, database.cursor() as statement:
        statement.execute("SET session_replication_role = replica")
        yield statement


def change_by_hand(sql: str, *values: object) -> None:
    """Run a statement that changes one row, bypassing triggers."""
    with superuser_without_triggers() as statement:
        statement.execute(sql, [str(value) for value in values])
        assert statement.rowcount == 1
