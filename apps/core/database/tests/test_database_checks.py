"""check --deploy warns when the application's database role could switch off what protects the ledger."""

import pytest
from django.db import DatabaseError, connection

from apps.core.database.checks import check_role_owns_nothing
from apps.core.database.logins import database_login
from apps.testing.commands import manage


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "warned"), [("app", False), ("owner", True), ("superuser", True)])
def test_a_role_that_could_change_tables_is_warned_of(role: str, warned: bool) -> None:
    login = database_login(role, connection.settings_dict["NAME"])
    environment = {f"DATABASE_{name}": login[name] for name in ("HOST", "PORT", "NAME", "USER", "PASSWORD")}
    result = manage("check", "--deploy", environment=environment)
    assert result.returncode == 0
    assert ("sharj.W001" in result.stderr) is warned


def test_a_database_that_is_away_gives_no_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise DatabaseError

    monkeypatch.setattr(connection, "cursor", fail)
    assert check_role_owns_nothing() == []
