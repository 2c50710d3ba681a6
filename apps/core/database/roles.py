"""The two database roles: an owner that migrates, and the application, which owns nothing.

The same functions set up the embedded cluster, an external server (`manage.py db roles`) and each test database. All
of them can be repeated at any time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg2
from psycopg2.extensions import connection, cursor, encrypt_password
from psycopg2.sql import SQL, Composable, Identifier, Literal

# Set on the role, not only by the client: they also bind psql, and behind PgBouncer only the role can carry them.
APPLICATION_TIMEOUTS = {
    "lock_timeout": "2s",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",
    "client_connection_check_interval": "1s",
}
# Every role may use large objects and temporary tables wherever PUBLIC may, so these are taken from PUBLIC.
MAINTENANCE_DATABASES = ("template1", "postgres")  # a new database copies the rights on functions of template1
_TAKE_LARGE_OBJECTS = """
DO $$
DECLARE
    large_object regprocedure;
BEGIN
    FOR large_object IN
        SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
        AND (starts_with(proname, 'lo_') OR proname IN ('loread', 'lowrite'))
        AND has_function_privilege('public', oid, 'EXECUTE')
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', large_object);
    END LOOP;
END $$"""
_DATABASES_WITH_SETTINGS = """
SELECT d.datname FROM pg_db_role_setting s
JOIN pg_roles r ON r.oid = s.setrole JOIN pg_database d ON d.oid = s.setdatabase
WHERE r.rolname = %s"""


@dataclass(frozen=True)
class Login:
    """A database role and its password."""

    user: str
    password: str = field(repr=False)


@contextmanager
def open_database(settings: dict[str, str]) -> Iterator[connection]:
    """Connect in autocommit mode to the database that Django-style settings (HOST, PORT, NAME, USER, PASSWORD) name."""
    database = psycopg2.connect(
        host=settings["HOST"],
        port=settings["PORT"],
        dbname=settings["NAME"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        connect_timeout=3,
    )
    try:
        database.autocommit = True
        yield database
    finally:
        database.close()


def create_roles(admin: connection, owner: Login, application: Login) -> None:
    """Create both roles, or bring existing ones up to date: password, rights and timeouts.

    `admin` is a connection of a role with CREATEROLE and CREATEDB, not necessarily a superuser.
    """
    # CREATEDB: the test suite makes and drops its own databases.
    _create_role(admin, owner, SQL("LOGIN CREATEDB"))
    _create_role(admin, application, SQL("LOGIN NOCREATEDB"))
    with admin.cursor() as statement:
        _forget_settings(statement, application.user)
        for name, value in APPLICATION_TIMEOUTS.items():
            alter = SQL("ALTER ROLE {} SET {} = {}")
            statement.execute(alter.format(Identifier(application.user), Identifier(name), Literal(value)))


def create_database(admin: connection, name: str, owner: Login) -> None:
    """Create the database `name`, owned by `owner`, unless it exists."""
    with admin.cursor() as statement:
        if _exists(statement, SQL("pg_database WHERE datname = {}").format(Literal(name))):
            return
        if not is_superuser(admin):
            # Only a superuser may give a database to a role that it is not a member of.
            statement.execute(SQL("GRANT {} TO CURRENT_USER").format(Identifier(owner.user)))
        statement.execute(SQL("CREATE DATABASE {} OWNER {}").format(Identifier(name), Identifier(owner.user)))


def restrict_database(database: connection, application_user: str) -> None:
    """Grant the application, and no other role, the use of tables that the owner of this connection creates."""
    application = Identifier(application_user)
    statements = (
        SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(Identifier(database.info.dbname)),
        SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC"),
        SQL("GRANT USAGE ON SCHEMA public TO {}").format(application),
        SQL("ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}").format(application),
        SQL("ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO {}").format(application),
    )
    with database.cursor() as statement:
        for text in statements:
            statement.execute(text)


def is_superuser(database: connection) -> bool:
    """Tell whether the role of this connection is a superuser."""
    with database.cursor() as statement:
        return _exists(statement, SQL("pg_roles WHERE rolname = current_user AND rolsuper"))


def take_from_public(database: connection) -> None:
    """Take large objects and temporary tables from PUBLIC in the database of a superuser's connection."""
    with database.cursor() as statement:
        statement.execute(_TAKE_LARGE_OBJECTS)
        statement.execute(SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(Identifier(database.info.dbname)))


def _forget_settings(statement: cursor, user: str) -> None:
    """Remove all defaults of a role: PostgreSQL lets every role set its own, such as default_transaction_read_only."""
    role = Identifier(user)
    statement.execute(SQL("ALTER ROLE {} RESET ALL").format(role))
    statement.execute(_DATABASES_WITH_SETTINGS, [user])
    for (name,) in statement.fetchall():
        statement.execute(SQL("ALTER ROLE {} IN DATABASE {} RESET ALL").format(role, Identifier(name)))


def _create_role(admin: connection, login: Login, options: Composable) -> None:
    # The server gets the verifier only: a password in a statement can end up in its log.
    verifier = encrypt_password(login.password, login.user, admin, "scram-sha-256")
    with admin.cursor() as statement:
        exists = _exists(statement, SQL("pg_roles WHERE rolname = {}").format(Literal(login.user)))
        statement.execute(
            SQL("{} ROLE {} {} PASSWORD {}").format(
                SQL("ALTER" if exists else "CREATE"), Identifier(login.user), options, Literal(verifier)
            )
        )


def _exists(statement: cursor, rows: Composable) -> bool:
    statement.execute(SQL("SELECT 1 FROM ") + rows)
    return statement.fetchone() is not None
