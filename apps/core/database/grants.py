"""Privileges of the application's database role on each table; granted after every migration, by the owner.

A model names them in `database_privileges`; without that, its rows may be read, added, changed and deleted.
"""

from typing import Any

from django.apps import apps
from django.db import connections, transaction
from psycopg2.sql import SQL, Identifier

from apps.core.database.logins import database_login

ORDINARY = "SELECT, INSERT, UPDATE, DELETE"


def grant_tables(*, using: str, **_: Any) -> None:
    """Give the application role exactly the privileges that the models name. Receives `post_migrate`.

    In one transaction: the version that is running would be refused between REVOKE and GRANT.
    """
    application = database_login("app")["USER"]
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s AND rolname <> current_user", [application])
        if cursor.fetchone() is None:
            return  # one role does both jobs: `check --deploy` warns of it
        role = Identifier(application)
        cursor.execute(SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(role))
        cursor.execute(SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(role))
        cursor.execute(SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(role))
        present = set(connections[using].introspection.table_names(cursor))  # after a migration back, some are missing
        for model in apps.get_models(include_auto_created=True):
            if not model._meta.proxy and model._meta.db_table in present:
                privileges = SQL(getattr(model, "database_privileges", ORDINARY))
                table = Identifier(model._meta.db_table)
                cursor.execute(SQL("GRANT {} ON {} TO {}").format(privileges, table, role))
