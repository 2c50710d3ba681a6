"""Citus under the tests: `make citus-test` names a coordinator (DATABASE_HOST) and its workers (CITUS_WORKERS).

The test database is created and migrated on the coordinator, as any; then each node gets one of the same name, and the
ledger is distributed.
"""

import os

from django.core.management import call_command
from psycopg2.sql import SQL, Identifier

from apps.core.database.citus.nodes import let_nodes_log_in, set_up_node
from apps.core.database.logins import database_login
from apps.core.database.roles import Login, open_database

SHARDS = 8  # each test locks, reads and empties all of them


def is_wanted() -> bool:
    """Tell whether the tests run on Citus."""
    return bool(os.environ.get("CITUS_WORKERS"))


def join_nodes(name: str) -> None:
    """Make a cluster of the coordinator's database `name` and of databases of that name on the workers."""
    coordinator = database_login("superuser", name)
    superuser, owner, application = map(_login, ("superuser", "owner", "app"))
    addresses = [address.split(":") for address in os.environ["CITUS_WORKERS"].split(",")]
    workers = [{**coordinator, "HOST": host, "PORT": port} for host, port in addresses]
    for worker in workers:
        with open_database({**worker, "NAME": "postgres"}) as database:
            database.cursor().execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
            database.cursor().execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    for node in (*workers, coordinator):
        with open_database(node) as database:
            database.cursor().execute("CREATE EXTENSION citus")
            let_nodes_log_in(database, superuser)
    with open_database(coordinator) as database, database.cursor() as statement:
        statement.execute("SELECT citus_set_coordinator_host(%s, %s)", [coordinator["HOST"], int(coordinator["PORT"])])
        for worker in workers:
            statement.execute("SELECT citus_add_node(%s, %s)", [worker["HOST"], int(worker["PORT"])])
        let_nodes_log_in(database, owner, application)
    for worker in workers:
        set_up_node(worker, owner, application)


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
