"""manage.py db: manage the database server."""

import os
import subprocess
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.database.citus.nodes import let_nodes_log_in, on_workers, set_up_node
from apps.core.database.embedded.server import EmbeddedPostgres
from apps.core.database.logins import database_login, is_embedded
from apps.core.database.roles import (
    MAINTENANCE_DATABASES,
    Login,
    create_database,
    create_roles,
    is_superuser,
    open_database,
    restrict_database,
    take_from_public,
)

ACTIONS = {
    "start": "start the embedded PostgreSQL",
    "stop": "stop it, ending its sessions; asks if it is in use (CONFIRM=1 does not ask)",
    "status": "show its state; exit 0 only if it runs",
    "destroy": "stop it and delete all its data; asks (CONFIRM=1 does not ask)",
    "psql": "open a SQL shell on either kind of server",
    "roles": "create the owner and application roles on an external server, as DATABASE_ADMIN_USER",
}


def _usage(embedded: EmbeddedPostgres) -> str:
    """Return a warning if a server or a session uses the database, else an empty text."""
    if embedded.home.is_held():
        return "A server uses this database (`make run`) and will fail."
    if not embedded.is_running():
        return ""
    with open_database(embedded.connection("superuser")) as database, database.cursor() as statement:
        statement.execute("""SELECT count(*) FROM pg_stat_activity
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()""")
        [(sessions,)] = statement.fetchall()
    return f"{sessions} sessions are open on this database and will be ended." if sessions else ""


def _confirm(question: str) -> None:
    """Ask on the terminal; raise `CommandError` without a yes. CONFIRM=1 is the yes of a script."""
    if os.environ.get("CONFIRM") == "1":
        return
    try:
        answer = input(f"{question} [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() != "y":
        raise CommandError(f"{question} Not confirmed, nothing happened. CONFIRM=1 in the environment does not ask.")


class Command(BaseCommand):
    help = "Manage the database server."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        parsers = {name: actions.add_parser(name, help=what) for name, what in ACTIONS.items()}
        parsers["psql"].add_argument("--role", choices=("app", "owner", "superuser"), default="app", help="login role")
        parsers["roles"].add_argument("--all-nodes", action="store_true", help="also on each worker of Citus")
        parsers["psql"].add_argument("arguments", nargs="*", help="arguments of psql itself, after --")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "roles":
            self.create_roles(all_nodes=options["all_nodes"])
        elif action == "psql":
            self.open_shell(options["role"], options["arguments"])
        elif not is_embedded():
            raise CommandError("DATABASE_HOST is set: an external server is not managed here.")
        else:
            getattr(self, action)(EmbeddedPostgres.from_environment())

    def start(self, embedded: EmbeddedPostgres) -> None:
        self.stdout.write("PostgreSQL is started." if embedded.start() else "PostgreSQL was already running.")

    def stop(self, embedded: EmbeddedPostgres) -> None:
        if used := _usage(embedded):
            _confirm(f"{used} Stop it all the same?")
        self.stdout.write("PostgreSQL is stopped." if embedded.stop() else "PostgreSQL was not running.")

    def status(self, embedded: EmbeddedPostgres) -> None:
        status = embedded.status()
        self.stdout.write(f"PostgreSQL is {status} (home: {embedded.home.path}).")
        if status != "running":
            raise SystemExit(3)

    def destroy(self, embedded: EmbeddedPostgres) -> None:
        _confirm(f"{_usage(embedded)} Delete the embedded database with all its data?".lstrip())
        embedded.destroy()
        self.stdout.write(f"{embedded.home.path} is deleted.")

    def open_shell(self, role: str, arguments: list[str]) -> None:
        login = database_login(role)
        variables = {
            "PGHOST": login["HOST"],
            "PGPORT": login["PORT"],
            "PGDATABASE": login["NAME"],
            "PGUSER": login["USER"],
            "PGPASSWORD": login["PASSWORD"],
        }
        program = EmbeddedPostgres.from_environment().bin("psql")
        result = subprocess.run([program, *arguments], env=os.environ | variables, check=False)  # noqa: S603  (no shell)
        if result.returncode:
            raise SystemExit(result.returncode)

    def create_roles(self, *, all_nodes: bool) -> None:
        """Prepare an external server, or all nodes of Citus: roles, the database, the application's privileges."""
        if is_embedded():
            raise CommandError("DATABASE_HOST is not set: the embedded PostgreSQL has its roles from `db start`.")
        owner, application = (
            Login(login["USER"], login["PASSWORD"]) for login in map(database_login, ("owner", "app"))
        )
        if owner.user == application.user:
            raise CommandError("Set DATABASE_OWNER_USER to another role than DATABASE_USER.")
        target = database_login("owner")
        with open_database(database_login("superuser", "postgres")) as admin:
            create_roles(admin, owner, application)
            create_database(admin, target["NAME"], owner)
            may_restrict = is_superuser(admin)
        with open_database(target) as database:
            restrict_database(database, application.user)
        for name in (*MAINTENANCE_DATABASES, target["NAME"]) if may_restrict else ():
            with open_database(database_login("superuser", name)) as database:
                take_from_public(database)
        self.stdout.write(f"The roles {owner.user} and {application.user} are ready in the database {target['NAME']}.")
        if not may_restrict:
            self.stdout.write("Large objects and temporary tables elsewhere were not taken away: only a superuser can.")
        if all_nodes:
            self.set_up_nodes(owner, application)

    def set_up_nodes(self, owner: Login, application: Login) -> None:
        """Give the nodes of Citus the same roles, time limits and rights, and the logins to each other."""
        coordinator = database_login("superuser", database_login("owner")["NAME"])
        with open_database(coordinator) as superuser:
            nodes = list(on_workers(superuser, coordinator))
            if not nodes:
                raise CommandError("This database has no workers of Citus: SELECT citus_add_node(…) (docs/scaling.md).")
            let_nodes_log_in(superuser, Login(coordinator["USER"], coordinator["PASSWORD"]), owner, application)
        for node in nodes:
            set_up_node(node, owner, application)
            self.stdout.write(f"The roles are ready on {node['HOST']}:{node['PORT']}.")
