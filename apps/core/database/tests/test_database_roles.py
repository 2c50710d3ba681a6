"""Privileges of the database roles, here and on an external server."""

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from psycopg2.sql import SQL, Identifier

from apps.core.database.grants import grant_tables
from apps.core.database.logins import database_login, is_embedded
from apps.core.database.roles import APPLICATION_TIMEOUTS, open_database
from apps.testing.commands import manage

ROLES = ("test_admin", "test_owner", "test_app")
PASSWORD = "pass'word\\ %s"  # with characters that need quoting


@pytest.mark.django_db
def test_tests_run_as_the_application_role_that_owns_nothing() -> None:
    with connection.cursor() as statement:
        statement.execute("SELECT current_user, (SELECT count(*) FROM pg_tables WHERE tableowner = current_user)")
        assert statement.fetchone() == (database_login("app")["USER"], 0)


@pytest.mark.django_db
@pytest.mark.parametrize("sql", ["CREATE TABLE t ()", "DROP TABLE django_session", "TRUNCATE django_session"])
def test_the_application_role_cannot_change_the_schema(sql: str) -> None:
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
        connection.cursor().execute(sql)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", ["first", "second"])
def test_what_a_transactional_test_commits_is_gone_in_the_next(run: str) -> None:
    assert Session.objects.count() == 0
    Session.objects.create(session_key=run, expire_date=timezone.now())


@pytest.fixture
def external_server() -> Iterator[dict[str, str]]:
    """The environment of an external server: in fact this one, with an admin that is not a superuser."""
    superuser = database_login("superuser", "postgres")
    with open_database(superuser) as database, database.cursor() as statement:
        create = SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB PASSWORD %s").format(Identifier(ROLES[0]))
        statement.execute(create, [PASSWORD])
        yield {
            "DATABASE_HOST": superuser["HOST"],
            "DATABASE_PORT": superuser["PORT"],
            "DATABASE_NAME": "test-external",
            **{f"DATABASE_{kind}USER": role for kind, role in zip(("ADMIN_", "OWNER_", ""), ROLES, strict=True)},
            **{f"DATABASE_{kind}PASSWORD": PASSWORD for kind in ("ADMIN_", "OWNER_", "")},
        }
        statement.execute(SQL("DROP DATABASE IF EXISTS {}").format(Identifier("test-external")))
        for role in reversed(ROLES):
            statement.execute(SQL("DROP ROLE IF EXISTS {}").format(Identifier(role)))


@pytest.mark.skipif(not is_embedded(), reason="makes roles: only on a server of our own")
def test_db_roles_prepares_an_external_server_and_can_be_repeated(external_server: dict[str, str]) -> None:
    for _ in range(2):
        result = manage("db", "roles", environment=external_server)
        assert (result.returncode, result.stderr) == (0, "")

    names = {"HOST": "DATABASE_HOST", "PORT": "DATABASE_PORT", "NAME": "DATABASE_NAME"}
    login = {name: external_server[variable] for name, variable in names.items()} | {"PASSWORD": PASSWORD}
    with open_database({**login, "USER": "test_owner"}) as owner:
        owner.cursor().execute("CREATE TABLE thing (id bigserial, name text)")
    with open_database({**login, "USER": "test_app"}) as application, application.cursor() as statement:
        statement.execute("INSERT INTO thing (name) VALUES ('a')")
        for setting, value in APPLICATION_TIMEOUTS.items():
            statement.execute(SQL("SHOW {}").format(Identifier(setting)))
            assert statement.fetchone() == (value,)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            statement.execute("CREATE TABLE other ()")


@pytest.fixture
def _as_owner(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Log in as the role that migrates."""
    login = database_login("owner")
    connection.close()
    with monkeypatch.context() as patch:
        for name in ("USER", "PASSWORD"):
            patch.setitem(connection.settings_dict, name, login[name])
        yield
        connection.close()


@pytest.mark.own_connection
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_as_owner")
def test_a_release_takes_no_privilege_away_for_a_moment() -> None:
    """The version that is running goes on while another one migrates; between REVOKE and GRANT it was refused."""
    seen: list[bool] = []
    login = database_login("app", connection.settings_dict["NAME"])
    with open_database(login) as application, application.cursor() as cursor:

        def look(execute: Any, *arguments: Any) -> Any:
            result = execute(*arguments)
            cursor.execute("SELECT has_table_privilege('transactions_wallet', 'UPDATE')")
            seen.extend(cursor.fetchone() or [False])
            return result

        with connection.execute_wrapper(look):
            grant_tables(using="default")

    assert len(seen) > 10
    assert all(seen)
