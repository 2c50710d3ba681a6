"""Prove the ledger from its rows alone: every chain of entries, and that each wallet is what its chain ends with."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import connection

from apps.accounts.audit_chain import TrailProblem, verify_trail
from apps.core.database.timeouts import snapshot_read
from apps.core.values.times import format_time
from apps.transactions.ledger.chain import Chain, Problem, Row, WalletRow
from apps.transactions.reconciliation.seals import AUDIT, Seals

FETCH_ROWS = 2_000

# As text: a forged value should be named, not break the reading. In the order of a unique index, so that
# the server need not sort. The original of a reversal is looked up for reversals only.
_ENTRIES = """
SELECT e.seller_id::text, e.sequence, e.id::text, e.type, e.amount::text, e.balance_before::text, e.balance_after::text,
       e.debit_account, e.credit_account, e.phone_number, coalesce(e.credit_request_id::text, ''),
       coalesce(e.reverses_id::text, ''), e.created_by_id::text,
       {moment},
       e.idempotency_key, e.description, e.entry_hash,
       CASE WHEN e.reverses_id IS NOT NULL THEN (
           SELECT ARRAY[o.seller_id::text, o.amount::text, o.credit_account, o.debit_account, o.type]
           FROM transactions_ledgerentry o
           WHERE o.seller_id = e.seller_id AND o.id = e.reverses_id AND o.sequence < e.sequence
       ) END, e.operator, coalesce(e.face_value::text, '')
FROM transactions_ledgerentry e {where} ORDER BY e.seller_id, e.sequence"""

_WALLETS = """
SELECT seller_id::text, balance::text, sequence, coalesce({moment}, '')
FROM transactions_wallet w {where} ORDER BY w.seller_id"""
# Every entry that is dated before this moment is in a snapshot that is taken later: who writes one has a transaction id
# before it reads the clock. A standby knows what it has replayed, and no transaction of ours lives for a minute. On
# Citus id and clock are of another node: the clocks may differ by the rest of that minute.
_SETTLED_MOMENT = """
SELECT least(
    statement_timestamp(),
    CASE WHEN pg_is_in_recovery() THEN pg_last_xact_replay_timestamp() - interval '1 minute'
         WHEN to_regclass('pg_catalog.pg_dist_node') IS NOT NULL THEN statement_timestamp() - interval '1 minute' END,
    (SELECT min(xact_start) FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL)
)"""
_TOTAL = "SELECT coalesce(sum(sequence), 0) FROM transactions_wallet {where}"


def _text_of(column: str) -> str:
    """Return the SQL of a moment as docs/ledger.md writes it; one that has no such form, as PostgreSQL writes it."""
    form = f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    return f"CASE WHEN {column} BETWEEN '0001-01-01Z' AND '9999-01-01Z' THEN {form} ELSE {column}::text END"


@dataclass(slots=True)
class Report:
    """The findings of a run."""

    taken_at: str = ""
    sellers: int = 0
    entries: int = 0
    problems: list[Problem] = field(default_factory=list)
    audit_lines: int | None = None  # None: the audit trail was left out
    audit_problems: list[TrailProblem] = field(default_factory=list)

    @property
    def has_faults(self) -> bool:
        """Tell whether the ledger or the audit trail has any."""
        return bool(self.problems or self.audit_problems)


class Verification:
    """One pass over the ledger, in constant memory, on one snapshot.

    `seals` are earlier ones. `on_head` gets seller, sequence and hash of the newest entry of each
    chain, `on_progress` the entries read so far and the entries there are.
    """

    def __init__(
        self,
        *,
        seals: Seals | None = None,
        on_head: Callable[[str, int, str], object] = lambda *_: None,
        on_progress: Callable[[int, int], object] = lambda *_: None,
    ) -> None:
        self._seals = seals or Seals()
        self._checkpoints = dict(self._seals.checkpoints)
        self.on_head, self.on_progress = on_head, on_progress
        self.report = Report()

    def run(self, seller_id: UUID | None = None) -> Report:
        """Verify every chain, or that of one seller."""
        where, params = ("WHERE seller_id = %s", [seller_id]) if seller_id else ("", [])
        self.report.taken_at = format_time(_ask(_SETTLED_MOMENT, []))
        with snapshot_read():
            total = int(_ask(_TOTAL.format(where=where), params))
            wallets: Iterator[WalletRow | Row] = map(
                WalletRow._make, _stream(_WALLETS.format(where=where, moment=_text_of("last_entry_at")), params)
            )
            entries = map(
                Row._make,
                self._count(_stream(_ENTRIES.format(where=where, moment=_text_of("e.created_at")), params), total),
            )
            by_seller = attrgetter("seller_id")
            for seller, rows in groupby(merge(wallets, entries, key=by_seller), key=by_seller):
                self._verify(seller, rows)
            if seller_id is None:
                self._verify_trail()
        for seller, sealed in sorted(self._checkpoints.items()):
            if seller_id is None or str(seller_id) == seller:
                detail = f"the whole chain was deleted since the seal, which ends with entry {max(sealed)}"
                self.report.problems.append(Problem(seller, 1, {"seal": detail}))
        return self.report

    def _verify(self, seller: str, rows: Iterator[WalletRow | Row]) -> None:
        chain = Chain(seller, self._checkpoints.pop(seller, {}), self._seals.floors(seller))
        wallet, problem = None, None
        for row in rows:
            if isinstance(row, WalletRow):
                wallet = row
                continue
            expected = chain.sequence + 1
            if problem is None and (faults := chain.extend(row)):
                problem = Problem(seller, expected, faults)
        problem = problem or chain.end(wallet)
        self.report.sellers += 1
        if problem is not None:
            self.report.problems.append(problem)
        elif chain.sequence:
            self.on_head(seller, chain.sequence, chain.head.hex())

    def _verify_trail(self) -> None:
        def on_head(actor: str, sequence: int, line_hash: str) -> None:
            self.on_head(f"{AUDIT} {actor}", sequence, line_hash)

        self.report.audit_lines, self.report.audit_problems = verify_trail(self._seals.audit, on_head)

    def _count(self, rows: Iterator[Any], total: int) -> Iterator[Any]:
        for row in rows:
            yield row
            self.report.entries += 1
            if not self.report.entries % FETCH_ROWS:
                self.on_progress(self.report.entries, total)
        self.on_progress(self.report.entries, total)


def _ask(sql: str, params: list[UUID]) -> Any:
    """Return the one value that a query answers."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]


def _stream(sql: str, params: list[UUID]) -> Iterator[Any]:
    """Yield the rows of a query in constant memory, from a cursor of the running transaction."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(FETCH_ROWS):
            yield from rows
