"""Trial of what must be refused, on each shard of each node, and comparison of each shard with its table.

Citus has lost guards without a word, so nothing is taken for granted: each attempt is made where the rows are, and its
statement always ends with an error, which undoes it.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from django.apps import apps
from django.db import connection
from django.db.backends.utils import CursorWrapper

from apps.core.database.citus.layout import tables

# Statement triggers fire without a row. Bits of tgtype: row 1, delete 8, update 16, truncate 32.
_TRUNCATE = 32
# TRUNCATE waits for the sales of all nodes, and theirs may wait for each other through it: it is then tried again.
_TRIES, _WAITED = 3, re.compile("distributed deadlock|lock timeout")
_TRIGGERS = """
SELECT string_agg(concat_ws(':', tgname, tgtype, tgenabled::text), ' ' ORDER BY tgname) FROM pg_trigger
WHERE tgrelid = 'public.{table}'::regclass AND NOT tgisinternal"""
_STATEMENTS = {
    8: "DELETE FROM {} WHERE false",
    16: "UPDATE {} SET {column} = {column} WHERE false",
    _TRUNCATE: "TRUNCATE {}",
}
_GUARDS = """
SELECT c.relname, string_agg(t.tgname, '|'), bit_or(t.tgtype),
       (SELECT attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = 1)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_dist_partition p ON p.logicalrelid = c.oid
WHERE NOT t.tgisinternal AND t.tgtype & 1 = 0 GROUP BY c.oid, c.relname ORDER BY c.relname"""
_NODES = """
SELECT n.nodename || ':' || n.nodeport, r.result FROM run_command_on_all_nodes(%s) r JOIN pg_dist_node n USING (nodeid)
ORDER BY 1"""
_ATTEMPT = """DO $attempt$
DECLARE
    guard text;
{declare}
BEGIN
    PERFORM set_config('citus.enable_manual_changes_to_shards', 'on', true), set_config('lock_timeout', '2s', true);
{prepare}
    SET CONSTRAINTS ALL IMMEDIATE;
    SET CONSTRAINTS ALL DEFERRED;
    BEGIN
{attempt}
        SET CONSTRAINTS ALL IMMEDIATE;
    EXCEPTION WHEN integrity_constraint_violation THEN
        GET STACKED DIAGNOSTICS guard = CONSTRAINT_NAME;
    END;
    RAISE EXCEPTION '%', coalesce('refused by ' || guard, 'let through');
END $attempt$"""
# A seller of the shard: ids are tried until one has a hash in its range. About as many tries as there are shards.
_SELLER_OF_SHARD = """
    probe := gen_random_uuid();
    WHILE get_shard_id_for_distribution_column('public.{table}', probe) <> substring('%1$s' FROM '[0-9]+')::bigint LOOP
        probe := gen_random_uuid();
    END LOOP;
"""
# What a shard is guarded by besides, as one text: triggers but those of TRUNCATE, checks, keys, unique indexes.
_SHAPE = """
SELECT concat_ws(' ',
    (SELECT string_agg(concat_ws(':', regexp_replace(tgname, '_[0-9]{{6,}}$', ''), tgtype, tgenabled::text,
                                 tgdeferrable, tginitdeferred, tgfoid::regproc), ' ' ORDER BY tgname)
     FROM pg_trigger WHERE tgrelid = {table}::regclass AND NOT tgisinternal AND tgtype & 32 = 0),
    (SELECT string_agg(contype::text || convalidated || n, ' ' ORDER BY contype, convalidated) FROM (
        SELECT contype, convalidated, count(*) AS n FROM pg_constraint
        WHERE conrelid = {table}::regclass AND contype <> 'n' GROUP BY 1, 2) AS counted),
    (SELECT string_agg(indisunique::text || indisvalid || n, ' ' ORDER BY indisunique, indisvalid) FROM (
        SELECT indisunique, indisvalid, count(*) AS n FROM pg_index
        WHERE indrelid = {table}::regclass GROUP BY 1, 2) AS counted))"""
# One after the other: sales go on meanwhile, and sellers that several nodes make at once wait for each other.
_PLACEMENTS = """
SELECT nodename || ':' || nodeport, shardid, success, result FROM run_command_on_placements(%s, %s, false)
ORDER BY 1, 2"""


class Forgery(NamedTuple):
    """Statements of PL/pgSQL that forge rows of the seller `probe`, and the guard that must refuse them."""

    name: str
    sql: str
    guard: str


class Finding(NamedTuple):
    """What became of one attempt on one shard."""

    attempt: str
    place: str
    fault: str  # "" if it was refused by the guard that must


def check_guards() -> Iterator[Finding]:
    """Try everything on every shard; yield what became of it."""
    with connection.cursor() as cursor:
        cursor.execute("SET citus.multi_shard_modify_mode = parallel")
        yield from _try_statements(cursor)
        yield from _compare_shapes(cursor)
        yield from _try_forgeries(cursor)


def _try_statements(cursor: CursorWrapper) -> Iterator[Finding]:
    """Try what statement triggers refuse on each shard, and TRUNCATE also on the table's name as each node knows it."""
    cursor.execute(_GUARDS)
    for table, guards, kinds, column in cursor.fetchall():
        for bit, statement in _STATEMENTS.items():
            if kinds & bit:
                attempt = statement.format("{}", column=column)
                yield from _try(cursor, table, attempt.format(table), _block(attempt.format("%s")), guards)
        if kinds & _TRUNCATE:
            yield from _try_on_nodes(cursor, table, guards)


def _try_on_nodes(cursor: CursorWrapper, table: str, guards: str) -> Iterator[Finding]:
    """Try TRUNCATE on the table of each node; where sales do not let it, compare the triggers of that table."""
    attempt = f"TRUNCATE public.{table}"
    for _ in range(_TRIES):
        found = _on_nodes(cursor, _block(attempt).replace("%%", "%"))
        faults = {node: _fault(result, guards) for node, result in found}
        if not any(map(_WAITED.search, faults.values())):
            break
    else:
        triggers = _TRIGGERS.format(table=table)
        cursor.execute(triggers)
        [expected] = cursor.fetchone()
        faults = {
            node: "" if result == expected else f"has the triggers {result}, the coordinator {expected}"
            for node, result in _on_nodes(cursor, triggers)
        }
    yield from (Finding(attempt, node, fault) for node, fault in faults.items())


def _on_nodes(cursor: CursorWrapper, statement: str) -> list[tuple[str, str]]:
    cursor.execute(_NODES, [statement])
    found: list[tuple[str, str]] = cursor.fetchall()
    return found


def _try_forgeries(cursor: CursorWrapper) -> Iterator[Finding]:
    """Forge rows of a seller of each shard, who is made for it, on the node that has the shard."""
    first = tables("seller")[0]
    prepare = _SELLER_OF_SHARD.format(table=first)
    prepare += "".join(getattr(app, "citus_probe", "") for app in apps.get_app_configs())
    for app in apps.get_app_configs():
        forgeries: tuple[Forgery, ...] = getattr(app, "citus_forgeries", ())
        for forgery in forgeries:
            block = _block(forgery.sql, prepare=prepare, declare="    probe uuid;\n    author uuid;\n")
            yield from _try(cursor, first, forgery.name, block, forgery.guard)


def _compare_shapes(cursor: CursorWrapper) -> Iterator[Finding]:
    """Compare triggers, constraints and unique indexes of each shard with those of its table."""
    for table in tables("seller"):
        cursor.execute(_SHAPE.format(table=f"'{table}'"))
        [expected] = cursor.fetchone()
        cursor.execute(_PLACEMENTS, [table, _SHAPE.format(table="%L").replace("%L", "'%1$s'")])
        for node, shard, success, found in cursor.fetchall():
            place = f"{node} {table}_{shard}"
            fault = "" if success and found == expected else f"is guarded by {found}, the table by {expected}"
            yield Finding("triggers, constraints and keys", place, fault)


def _try(cursor: CursorWrapper, table: str, name: str, block: str, guard: str) -> Iterator[Finding]:
    cursor.execute(_PLACEMENTS, [table, block])
    for node, shard, _success, result in cursor.fetchall():
        yield Finding(name, f"{node} {table}_{shard}", _fault(result, guard))


def _block(attempt: str, *, prepare: str = "", declare: str = "") -> str:
    """Return a statement that tries `attempt` and ends with an error; `%s` in it is the name of the shard."""
    block = _ATTEMPT.replace("EXCEPTION '%'", "EXCEPTION '%%'")
    return block.format(attempt=f"        {attempt};", prepare=prepare, declare=declare)


def _fault(result: str, guard: str) -> str:
    refused = re.search(r"refused by (\w+)", result)
    if refused and re.fullmatch(rf"({guard})(_\d+)?", refused[1]):
        return ""
    return result.removeprefix("ERROR:").strip().split("\n")[0]
