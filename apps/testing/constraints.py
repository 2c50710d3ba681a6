"""Statements that bypass the application, and the constraints that must refuse them."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest
from django.db import connection, models
from psycopg2 import sql

from apps.core.database.logins import database_login
from apps.core.database.roles import open_database
from apps.testing import citus
from apps.testing.invariants import nothing_changes
from apps.testing.tampering import bypass_triggers

Row = dict[str, Any]


def columns_of(row: models.Model, **changes: object) -> Row:
    """Return every column of a row and its value, with `changes`."""
    return {str(field.column): getattr(row, field.attname) for field in row._meta.concrete_fields} | changes


@contextmanager
def database_as(role: str, *, triggers: bool = True) -> Iterator[Any]:
    """Yield a cursor of another connection that logs in as `role`, in one transaction that is committed at the end.

    Without `triggers`, which takes a superuser, only checks and unique keys are left to refuse.
    """
    login = database_login(role, connection.settings_dict["NAME"])
    with open_database(login) as database, database.cursor() as cursor:
        database.autocommit = False
        if not triggers:
            bypass_triggers(cursor)
        yield cursor
        database.commit()


@contextmanager
def refused_by(*constraints: str) -> Iterator[None]:
    """Assert that a constraint whose name begins with one of `constraints` refuses the block, and nothing changes."""
    with nothing_changes():
        with pytest.raises(psycopg2.Error) as caught:
            yield
        name = caught.value.diag.constraint_name
        if name is None and citus.is_wanted():
            _assert_refused_on_a_node(caught.value, constraints)
            return
        assert name is not None, caught.value
        assert name.startswith(constraints) or (citus.is_wanted() and "foreign key" in str(caught.value)), name


def _assert_refused_on_a_node(error: psycopg2.Error, constraints: tuple[str, ...]) -> None:
    """Assert that a node of Citus refused, for one of `constraints` if it says which.

    Citus does not pass the name on, and of a refusal at COMMIT only that there was one. `distribute_ledger --check`
    tries each guard on the nodes themselves, by its name.
    """
    if error.pgcode == "XX000":
        assert "could not commit transaction for shard" in str(error), error
        return
    if error.pgcode == "0A000":
        assert "modifying the partition value of rows is not allowed" in str(error), error
        return
    assert str(error.pgcode).startswith("23"), error
    quoted = re.search(r'constraint "(\w+)"', str(error))
    # A foreign key's name is cut to make room for the number of the shard.
    assert quoted is None or quoted[1].startswith(constraints) or "foreign key" in str(error), error


@contextmanager
def not_permitted() -> Iterator[None]:
    """Assert that the database role lacks the privilege for the block, and nothing changes."""
    with nothing_changes(), pytest.raises(psycopg2.errors.InsufficientPrivilege):
        yield


def insert_row(cursor: Any, model: type[models.Model], row: Mapping[str, Any]) -> None:
    """INSERT one row."""
    cursor.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(model._meta.db_table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join([sql.Placeholder()] * len(row)),
        ),
        list(row.values()),
    )
