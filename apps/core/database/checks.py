"""The system check of the application's database role, for `manage.py check --deploy`."""

from typing import Any

from django.core.checks import CheckMessage, Warning
from django.db import DatabaseError, connection

_MAY_CHANGE_TABLES = """
SELECT rolsuper OR EXISTS (
    SELECT FROM pg_tables WHERE schemaname = 'public' AND pg_has_role(current_user, tableowner, 'MEMBER')
)
FROM pg_roles WHERE rolname = current_user"""


def check_role_owns_nothing(**_: Any) -> list[CheckMessage]:
    """Warn if the role that this process logs in as could switch off what protects the ledger.

    A database that cannot be reached gives no warning.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(_MAY_CHANGE_TABLES)
            row = cursor.fetchone()
    except DatabaseError:
        return []
    if not row or not row[0]:
        return []
    return [
        Warning(
            "The application logs in as a database role that owns its tables or is a superuser.",
            hint="Such a role can drop the triggers that keep the ledger append-only. Set DATABASE_OWNER_USER to "
            "another role than DATABASE_USER, and run `manage.py db roles` (docs/ledger.md).",
            id="sharj.W001",
        )
    ]
