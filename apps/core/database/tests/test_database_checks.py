"""check --deploy warns when the application's database role could switch off what protects the ledger."""

import pytest
from django.db import DatabaseError, connection
from psycopg2.sql import SQL, Identifier

from apps.core.database.checks import (
    check_role_has_no_defaults_of_its_own,
    check_role_has_no_spare_rights,
    check_role_owns_nothing,
)
from apps.core.database.logins import database_login
from apps.core.database.roles import Login, create_roles, open_database, take_from_public
from apps.testing.commands import manage


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "warned"), [("app", False), ("owner", True), ("superuser", True)])
def test_a_role_that_could_change_tables_is_warned_of(role: str, warned: bool) -> None:
    login = database_login(role, connection.settings_dict["NAME"])
    environment = {f"DATABASE_{name}": login[name] for name in ("HOST", "PORT", "NAME", "USER", "PASSWORD")}
    result = manage("check", "--deploy", environment=environment)
    assert result.returncode == 0
    assert ("sharj.W001" in result.stderr) is warned


@pytest.mark.django_db
@pytest.mark.parametrize("where", ["", "IN DATABASE {} "])
def test_defaults_that_the_role_set_itself_are_found_and_removed(where: str) -> None:
    login = database_login("app", connection.settings_dict["NAME"])
    role = SQL("ALTER ROLE {} " + where + "SET default_transaction_read_only = on")
    names = [Identifier(login["USER"]), *([Identifier(login["NAME"])] if where else [])]
    assert check_role_has_no_defaults_of_its_own() == []
    try:
        with open_database(login) as application:
            application.cursor().execute(role.format(*names))
        [warning] = check_role_has_no_defaults_of_its_own()
        assert (warning.id, "default_transaction_read_only=on" in warning.msg) == ("sharj.W002", True)
    finally:
        with open_database(database_login("superuser", "postgres")) as admin:
            owner = database_login("owner")
            create_roles(admin, *(Login(each["USER"], each["PASSWORD"]) for each in (owner, login)))
    assert check_role_has_no_defaults_of_its_own() == []


@pytest.mark.django_db
def test_spare_rights_are_told_of() -> None:
    with open_database(database_login("superuser", connection.settings_dict["NAME"])) as database:
        take_from_public(database)
        other = [info.msg for info in check_role_has_no_spare_rights()]
        grant = "GRANT EXECUTE ON FUNCTION lo_creat(integer) TO PUBLIC"
        database.cursor().execute(grant)
        [info] = check_role_has_no_spare_rights()
        take_from_public(database)
    assert (info.id, "large objects" in info.msg) == ("sharj.I001", True)
    assert [info.msg for info in check_role_has_no_spare_rights()] == other


def test_a_database_that_is_away_gives_no_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise DatabaseError

    monkeypatch.setattr(connection, "cursor", fail)
    assert (
        check_role_owns_nothing() == check_role_has_no_defaults_of_its_own() == check_role_has_no_spare_rights() == []
    )
