"""What somebody with superuser rights can do to the rows, no trigger firing."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg2.extensions import cursor

from apps.core.database.logins import database_login
from apps.core.database.roles import open_database


@contextmanager
def superuser_without_triggers() -> Iterator[cursor]:
    """Yield a cursor on the test database for which no trigger and no foreign key counts."""
    login = database_login("superuser", connection.settings_dict["NAME"])
    with open_database(login) as database, database.cursor() as statement:
        statement.execute("SET session_replication_role = replica")
        yield statement


def change_by_hand(sql: str, *values: object) -> None:
    """Run a statement that changes one row, past every trigger."""
    with superuser_without_triggers() as statement:
        statement.execute(sql, [str(value) for value in values])
        assert statement.rowcount == 1
