"""Changes of rows by a superuser, without triggers."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg2.extensions import cursor

from apps.core.database.logins import database_login
from apps.core.database.roles import open_database


def bypass_triggers(statement: cursor) -> None:
    """Let a superuser's transaction change rows without triggers and foreign keys, on the nodes of Citus too."""
    statement.execute("SET LOCAL citus.propagate_set_commands = 'local'")  # without Citus a name that means nothing
    statement.execute("SET LOCAL session_replication_role = replica")


@contextmanager
def superuser_without_triggers() -> Iterator[cursor]:
    """Yield a cursor on the test database that bypasses triggers and foreign keys, in one transaction."""
    login = database_login("superuser", connection.settings_dict["NAME"])
    with open_database(login) as database, database.cursor() as statement:
        database.autocommit = False
        bypass_triggers(statement)
        yield statement
        database.commit()


def change_by_hand(sql: str, *values: object) -> None:
    """Run a statement that changes one row, bypassing triggers."""
    with superuser_without_triggers() as statement:
        statement.execute(sql, [str(value) for value in values])
        assert statement.rowcount == 1
