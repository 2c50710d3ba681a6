"""The database of the tests: as in production, the owner migrates and the application role does the rest."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import MappingProxyType
from typing import Any

import pytest
from django.db import connection, connections
from django.test import TransactionTestCase
from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Identifier, Literal
from pytest_django import DjangoDbBlocker

from apps.core.database.logins import database_login
from apps.core.database.roles import open_database, restrict_database
from apps.testing import citus, pgbouncer
from apps.testing.tampering import bypass_triggers

pytest_plugins = ["apps.testing.distribution", "apps.testing.fixtures"]

# Rows of migrations that every test needs.
KEPT_TABLES = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
}


@pytest.fixture(scope="session")
def _logged_in_as_owner(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Surround pytest-django's `django_db_setup`: the owner creates, migrates and drops the test database."""
    with django_db_blocker.unblock(), _login("owner"):
        yield


@pytest.fixture(scope="session")
def django_db_setup(
    _logged_in_as_owner: None, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Run the tests as the application role, in a database that the owner has created and migrated."""
    name = connection.settings_dict["NAME"]
    application = database_login("app")["USER"]
    with open_database(database_login("owner", name)) as database:
        restrict_database(database, application)
    if citus.is_wanted():
        citus.join_nodes(name)
        with django_db_blocker.unblock():
            citus.distribute()
    with (
        pytest.MonkeyPatch.context() as patch,
        django_db_blocker.unblock(),
        open_database(database_login("superuser", name)) as superuser,
    ):
        # A test that leaves a transaction open fails instead of hanging.
        superuser.cursor().execute("SET lock_timeout = '10s'; SET citus.multi_shard_modify_mode = sequential")
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda test: empty_tables(superuser))
        with _pool(name) as address, _login("app", address):
            yield
    if citus.is_wanted():
        citus.end_sessions_between_nodes(name)


def _pool(database_name: str) -> AbstractContextManager[dict[str, str]]:
    """Put PgBouncer between the application and the test database, if the session was asked to (`--pgbouncer`)."""
    return pgbouncer.pooled(database_login("app", database_name)) if pgbouncer.is_wanted() else nullcontext({})


@contextmanager
def _login(role: str, address: Mapping[str, str] = MappingProxyType({})) -> Iterator[None]:
    """Make the default connection, in every thread that opens one, log in as `role`, at `address` if it is another."""
    settings: dict[str, Any] = connections["default"].settings_dict
    names = ("HOST", "PORT", "USER", "PASSWORD", "OPTIONS", "ANSWER_TIMEOUT_SECONDS")
    before = {name: settings[name] for name in names}
    login = database_login(role)
    options = dict(before["OPTIONS"])
    if role == "owner":
        # Without the application's timeouts: a migration may take longer.
        options.pop("options", None)
        settings["ANSWER_TIMEOUT_SECONDS"] = None
    connections.close_all()
    settings.update(USER=login["USER"], PASSWORD=login["PASSWORD"], OPTIONS=options, **address)
    try:
        yield
    finally:
        connections.close_all()
        settings.update(before)


def empty_tables(superuser: Connection) -> None:
    """Empty all tables except `KEPT_TABLES`, after a test that commits.

    Django's own flush would run as the application role, which may neither TRUNCATE nor touch the ledger. A superuser
    can also switch off the triggers that protect it. Few tables have rows, and few rows: DELETE on a session that is
    kept takes a sixth of the time of TRUNCATE, and other sessions keep what they know of the tables.
    """
    with superuser, superuser.cursor() as statement:
        bypass_triggers(statement)
        statement.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in statement.fetchall() if name not in KEPT_TABLES]
        statement.execute(SQL("LOCK TABLE {}").format(SQL(", ").join(map(Identifier, tables))))
        filled = SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM {})")
        statement.execute(SQL(" UNION ALL ").join(filled.format(Literal(name), Identifier(name)) for name in tables))
        for (name,) in statement.fetchall():
            statement.execute(SQL("DELETE FROM {}").format(Identifier(name)))
