"""The nodes of a Citus cluster: their addresses, and roles and rights of the application on each.

This module does not import Django: the tests' configuration uses it before the settings are loaded.
"""

from collections.abc import Iterator

from psycopg2.extensions import connection
from psycopg2.sql import SQL, Identifier

from apps.core.database.roles import Login, create_roles, open_database, restrict_database, take_from_public

_WORKERS = "SELECT nodename, nodeport FROM pg_dist_node WHERE isactive AND groupid <> 0 ORDER BY nodeid"


def workers(coordinator: connection) -> list[tuple[str, int]]:
    """Return host and port of each worker, as the coordinator knows them."""
    with coordinator.cursor() as statement:
        statement.execute("SELECT to_regclass('pg_catalog.pg_dist_node') IS NOT NULL")
        if not statement.fetchone()[0]:  # type: ignore[index]  # one row
            return []
        statement.execute(_WORKERS)
        return statement.fetchall()


def on_workers(coordinator: connection, target: dict[str, str]) -> Iterator[dict[str, str]]:
    """Yield the login of `target` at each worker instead of at the coordinator."""
    for host, port in workers(coordinator):
        yield {**target, "HOST": host, "PORT": str(port)}


def let_nodes_log_in(superuser: connection, *logins: Login) -> None:
    """Tell a node the passwords with which it logs in to the others: `pg_dist_authinfo`, which superusers read."""
    with superuser.cursor() as statement:
        for login in logins:
            statement.execute(
                "INSERT INTO pg_dist_authinfo (nodeid, rolename, authinfo) VALUES (0, %s, %s)"
                " ON CONFLICT (nodeid, rolename) DO UPDATE SET authinfo = excluded.authinfo",
                [login.user, f"password={login.password}"],
            )


def set_up_node(node: dict[str, str], owner: Login, application: Login) -> None:
    """Give a worker, as its superuser, the roles, their time limits, rights and logins to other nodes; repeatable."""
    with open_database(node) as superuser:
        with superuser.cursor() as statement:
            statement.execute("SET citus.enable_ddl_propagation = off")
            create_roles(superuser, owner, application)
            give = SQL("ALTER DATABASE {} OWNER TO {}")
            statement.execute(give.format(Identifier(node["NAME"]), Identifier(owner.user)))
        take_from_public(superuser)
        let_nodes_log_in(superuser, Login(node["USER"], node["PASSWORD"]), owner, application)
    with open_database({**node, "USER": owner.user, "PASSWORD": owner.password}) as database:
        with database.cursor() as statement:
            statement.execute("SET citus.enable_ddl_propagation = off")
        restrict_database(database, application.user)
