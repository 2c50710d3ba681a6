"""The steps from one PostgreSQL to Citus: tables, foreign keys, functions and settings, in one transaction."""

from collections.abc import Callable, Iterator

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg2.sql import SQL, Identifier

from apps.core.database.citus.layout import DISTRIBUTION_COLUMN, functions, tables

ROWS_A_MINUTE = 400_000  # measured; docs/scaling.md
Say = Callable[[str], object]

# Only while tables are distributed. Triggers then run on shards, where Citus lets them read rows of the same seller.
# A primary key without the seller is unique on its shard; ids are random UUIDs.
_ALLOW = """
SET LOCAL citus.enable_unsafe_triggers = on;
SET LOCAL citus.allow_unsafe_constraints = on;
SET LOCAL citus.multi_shard_modify_mode = sequential"""
_FOREIGN_KEYS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), confrelid::regclass::text = ANY(%(copied)s)
FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text = ANY(%(sharded)s) AND conparentid = 0
ORDER BY 1, 2"""

_TRIGGERS = """
SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), tgfoid::regprocedure::text FROM pg_trigger
WHERE NOT tgisinternal AND tgrelid::regclass::text = ANY(%s) ORDER BY 1, 2"""
_TRUNCATE_GUARDS = """
SELECT c.relname, t.tgname, t.tgfoid::regproc FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_dist_partition p ON p.logicalrelid = c.oid
WHERE NOT t.tgisinternal AND t.tgtype & 32 <> 0 ORDER BY 1, 2"""


class NotReady(Exception):
    """The database cannot be distributed as it is; the message says what is missing."""


def check_ready(largest: str, most_minutes: float) -> None:
    """Raise `NotReady` without nodes, without their own logins, or if the rows of `largest` would take too long."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pg_catalog.pg_dist_node') IS NOT NULL")
        if not cursor.fetchone()[0]:
            raise NotReady("This database has no Citus: CREATE EXTENSION citus as a superuser (docs/scaling.md).")
        cursor.execute("SELECT count(*) FROM pg_dist_node WHERE isactive AND shouldhaveshards AND groupid <> 0")
        if not cursor.fetchone()[0]:
            raise NotReady("Citus has no worker: SELECT citus_add_node(…) as a superuser (docs/scaling.md).")
        if largest in distributed_tables(cursor):
            return
        cursor.execute("SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = %s::regclass", [largest])
        [rows] = cursor.fetchone()
        if (minutes := rows / ROWS_A_MINUTE) > most_minutes:
            raise NotReady(f"{rows:,.0f} entries take about {minutes:.0f} minutes, and no sale is made meanwhile.")


def distribute(shards: int, say: Say) -> None:
    """Bring every table and function to its place; what is there already stays. `say` is told each step."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ALLOW)
        done = distributed_tables(cursor)
        sharded = [table for table in tables("seller") if table not in done]
        copied = [table for table in tables("every node") if table not in done]
        kept = _drop_foreign_keys(cursor, sharded)
        triggers = _drop_triggers(cursor, copied + sharded)
        for table in copied:
            cursor.execute("SELECT create_reference_table(%s)", [table])
            say(f"{table}: on every node")
        _shard(cursor, sharded, shards, say)
        for table, name, definition in kept:
            _run(cursor, "ALTER TABLE {} ADD CONSTRAINT {} " + definition, table, name)
            say(f"{table}: foreign key {name} is back")
        _make_triggers(cursor, triggers)
        for table in tables("coordinator"):
            if table not in done:
                cursor.execute("SELECT citus_add_local_table_to_metadata(%s)", [table])
                say(f"{table}: on the coordinator, in one commit with the nodes")
        _distribute_functions(cursor, say)
        _set_up_database(cursor)


def distributed_tables(cursor: CursorWrapper) -> set[str]:
    """Return the tables that Citus has taken over."""
    cursor.execute("SELECT logicalrelid::text FROM pg_dist_partition")
    return {name for (name,) in cursor.fetchall()}


def _drop_foreign_keys(cursor: CursorWrapper, sharded: list[str]) -> Iterator[tuple[str, str, str]]:
    """Drop the foreign keys of tables; return those that come back: to tables of every node.

    One between two tables of sellers cannot: it names an id alone. The guards at commit check the same and more.
    """
    cursor.execute(_FOREIGN_KEYS, {"sharded": sharded, "copied": tables("every node")})
    found = cursor.fetchall()
    for table, name, *_ in found:
        _run(cursor, "ALTER TABLE {} DROP CONSTRAINT {}", table, name)
    return ((table, name, definition) for table, name, definition, comes_back in found if comes_back)


def _drop_triggers(cursor: CursorWrapper, of: list[str]) -> list[tuple[str, str]]:
    """Drop triggers, which would judge rows that are only copied; return their definitions and functions."""
    cursor.execute(_TRIGGERS, [of])
    found = cursor.fetchall()
    for table, name, *_ in found:
        _run(cursor, "DROP TRIGGER {} ON {}", name, table)
    return [(definition, function) for _table, _name, definition, function in found]


def _make_triggers(cursor: CursorWrapper, triggers: list[tuple[str, str]]) -> None:
    """Make the triggers again, of tables and shards, on nodes that know their functions."""
    for function in sorted({function for _, function in triggers}):
        cursor.execute("SELECT create_distributed_function(%s)", [function])
    for definition, _ in triggers:
        cursor.execute(definition)


def _shard(cursor: CursorWrapper, sharded: list[str], shards: int, say: Say) -> None:
    first = tables("seller")[0]
    for table in sharded:
        if table == first:
            cursor.execute(
                "SELECT create_distributed_table(%s, %s, shard_count := %s)", [table, DISTRIBUTION_COLUMN, shards]
            )
        else:
            cursor.execute(
                "SELECT create_distributed_table(%s, %s, colocate_with := %s)", [table, DISTRIBUTION_COLUMN, first]
            )
        say(f"{table}: by {DISTRIBUTION_COLUMN}, with {first}")


def _distribute_functions(cursor: CursorWrapper, say: Say) -> None:
    colocated = tables("seller")[0]
    for name, role in functions():
        cursor.execute("SELECT %s::regproc::regprocedure::text", [name])
        [signature] = cursor.fetchone()
        if role == "seller":
            cursor.execute(
                "SELECT create_distributed_function(%s, '$1', colocate_with := %s, force_delegation := true)",
                [signature, colocated],
            )
        else:
            cursor.execute("SELECT create_distributed_function(%s)", [signature])
        if role == "nested":
            cursor.execute(f"ALTER FUNCTION {signature} SET citus.allow_nested_distributed_execution = on")
        say(f"{signature}: {_ROLES[role]}")


def guard_shards(say: Say) -> None:
    """Give each shard its table's guards against TRUNCATE, which Citus leaves out, also after a shard has moved."""
    with connection.cursor() as cursor:
        cursor.execute(_TRUNCATE_GUARDS)
        for table, guard, function in cursor.fetchall():
            create = f"CREATE OR REPLACE TRIGGER {guard} BEFORE TRUNCATE ON %s EXECUTE FUNCTION {function}()"
            cursor.execute("SELECT success, result FROM run_command_on_placements(%s, %s)", [table, create])
            if failures := [result for success, result in cursor.fetchall() if not success]:
                raise NotReady(f"{guard} cannot be made on the shards of {table}: {failures[0]}")
            say(f"{table}: {guard} on each shard")


_ROLES = {
    "node": "known to every node",
    "seller": "runs on the seller's node",
    "nested": "asked by statements on a shard",
}


def _set_up_database(cursor: CursorWrapper) -> None:
    """Let SET LOCAL reach the nodes: the longer time-outs of reports."""
    _run(cursor, "ALTER DATABASE {} SET citus.propagate_set_commands = 'local'", connection.settings_dict["NAME"])


def _run(cursor: CursorWrapper, statement: str, *names: str) -> None:
    cursor.execute(SQL(statement.replace("%", "%%")).format(*map(Identifier, names)))
