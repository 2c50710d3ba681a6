"""Citus under the tests: `make citus-test` names a coordinator (DATABASE_HOST) and its workers (CITUS_WORKERS).

The test database is created and migrated on the coordinator, as any; then each node gets one of the same name, and the
ledger is distributed.
"""

import os

from django.core.management import call_command
from psycopg2.sql import SQL, Identifier

from apps.core.database.citus.nodes import Logins, let_nodes_log_in, set_up_node
from apps.core.database.logins import database_login
from apps.core.database.roles import Login, open_database

SHARDS = 8  # each test locks, reads and empties all of them


def is_wanted() -> bool:
    """Tell whether the tests run on Citus."""
    return bool(os.environ.get("CITUS_WORKERS"))


def join_nodes(name: str) -> None:
    """Make a cluster of the database `name`, which the coordinator has, and of databases of that name on the workers."""
    coordinator = database_login("superuser", name)
    logins = Logins(*(_login(role) for role in ("superuser", "owner", "app")))
    addresses = [address.split(":") for address in os.environ["CITUS_WORKERS"].split(",")]
    for host, port in addresses:
        with open_database({**coordinator, "HOST": host, "PORT": port, "NAME": "postgres"}) as worker:
            worker.cursor().execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
            worker.cursor().execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        with open_database({**coordinator, "HOST": host, "PORT": port}) as worker:
            worker.cursor().execute("CREATE EXTENSION citus")
            let_nodes_log_in(worker, logins)
    with open_database(coordinator) as database, database.cursor() as statement:
        statement.execute("CREATE EXTENSION citus")
        let_nodes_log_in(database, logins)
        statement.execute("SELECT citus_set_coordinator_host(%s, %s)", [coordinator["HOST"], int(coordinator["PORT"])])
        for host, port in addresses:
            statement.execute("SELECT citus_add_node(%s, %s)", [host, int(port)])
    for host, port in addresses:
        set_up_node({**coordinator, "HOST": host, "PORT": port}, logins)


def distribute() -> None:
    """Distribute the ledger of the default connection, which logs in as the owner."""
    call_command("distribute_ledger", shards=SHARDS, verbosity=0)


def end_sessions_between_nodes(name: str) -> None:
    """End what nodes keep open to the test database, so that it can be dropped."""
    with open_database(database_login("superuser", "postgres")) as database:
        database.cursor().execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


def _login(role: str) -> Login:
    login = database_login(role)
    return Login(login["USER"], login["PASSWORD"])
