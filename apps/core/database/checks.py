"""The system checks of the application's database role, for `manage.py check --deploy`."""

from typing import Any

from django.core.checks import CheckMessage, Info, Warning
from django.db import DatabaseError, connection

from apps.core.database.roles import APPLICATION_TIMEOUTS

_MAY_CHANGE_TABLES = """
SELECT rolsuper OR EXISTS (
    SELECT FROM pg_tables WHERE schemaname = 'public' AND pg_has_role(current_user, tableowner, 'MEMBER')
)
FROM pg_roles WHERE rolname = current_user"""

# Rows of one text. PostgreSQL lets every role set its own defaults, which no privilege prevents.
_OWN_DEFAULTS = """
SELECT setting FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) setting
WHERE r.rolname = current_user AND NOT setting = ANY(%s) ORDER BY setting"""
_SPARE_RIGHTS = """
SELECT 'large objects' WHERE has_function_privilege('pg_catalog.lo_creat(integer)', 'EXECUTE')
UNION ALL SELECT 'temporary tables in ' || datname FROM pg_database
WHERE datallowconn AND has_database_privilege(oid, 'TEMPORARY') ORDER BY 1"""


def check_role_has_no_defaults_of_its_own(**_: Any) -> list[CheckMessage]:
    """Warn of defaults that `db roles` did not give the role: it may have set them itself, to stop all sales."""
    expected = [f"{name}={value}" for name, value in APPLICATION_TIMEOUTS.items()]
    if not (found := _ask(_OWN_DEFAULTS, [expected])):
        return []
    return [
        Warning(
            f"The application's database role has defaults that `manage.py db roles` did not set: {', '.join(found)}.",
            hint="Every role can set its own (ALTER ROLE CURRENT_USER SET …). `manage.py db roles` removes them.",
            id="sharj.W002",
        )
    ]


def check_role_has_no_spare_rights(**_: Any) -> list[CheckMessage]:
    """Tell what the role may do that it does not need and that only a superuser can take away."""
    if not (found := _ask(_SPARE_RIGHTS)):
        return []
    return [
        Info(
            f"The application's database role may also use: {', '.join(found)}.",
            hint="`manage.py db roles` with a superuser as DATABASE_ADMIN_USER takes these from PUBLIC in its own "
            "database, in postgres and in template1 (docs/ledger.md). Use no server that others share.",
            id="sharj.I001",
        )
    ]


def _ask(sql: str, params: list[Any] | None = None) -> list[Any]:
    """Return the values that a query answers; none from a database that cannot be reached."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return [value for (value,) in cursor.fetchall()]
    except DatabaseError:
        return []


def check_role_owns_nothing(**_: Any) -> list[CheckMessage]:
    """Warn if the role that this process logs in as could switch off what protects the ledger.

    A database that cannot be reached gives no warning.
    """
    if not any(_ask(_MAY_CHANGE_TABLES)):
        return []
    return [
        Warning(
            "The application logs in as a database role that owns its tables or is a superuser.",
            hint="Such a role can drop the triggers that keep the ledger append-only. Set DATABASE_OWNER_USER to "
            "another role than DATABASE_USER, and run `manage.py db roles` (docs/ledger.md).",
            id="sharj.W001",
        )
    ]
