"""A site: one database of the benchmark's PostgreSQL, with a server of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from psycopg2.sql import SQL, Identifier

from apps.core.database.embedded.server import DATABASE, EmbeddedPostgres
from apps.core.database.roles import open_database
from functional_tests.performance.benchmark.gunicorn_server import Server, serve


@dataclass(frozen=True, slots=True)
class Site:
    """A running server and the name of its database."""

    server: Server
    database: str = DATABASE


@contextmanager
def open_site(postgres: EmbeddedPostgres, folder: Path, database: str = DATABASE) -> Iterator[Site]:
    """Serve a database while the block runs; gunicorn's output goes into `folder`."""
    login = postgres.connection("app", database)
    environment = {f"DATABASE_{name}": login[name] for name in ("HOST", "PORT", "NAME", "USER", "PASSWORD")}
    with serve(folder / f"gunicorn-{database}.log", environment) as server:
        yield Site(server, database)


def visit(database: str) -> None:
    """Point this process's Django at a database of the same PostgreSQL."""
    if connection.settings_dict["NAME"] != database:
        connection.close()
        connection.settings_dict["NAME"] = database


def create_database(postgres: EmbeddedPostgres, name: str) -> None:
    """Create a database as the migrations leave it: a copy of the main one, which must be empty and unused."""
    visit(name)  # leaves the main one, which is the template
    with open_database(postgres.connection("superuser", "postgres")) as admin, admin.cursor() as cursor:
        owner = Identifier(postgres.connection("owner")["USER"])
        cursor.execute(
            SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(Identifier(name), owner, Identifier(DATABASE))
        )
