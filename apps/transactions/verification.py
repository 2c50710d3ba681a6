"""Prove the ledger from its rows alone: every chain of entries, and that each wallet is what its chain ends with.

The hashes are computed here and not by the function in the database: whoever could change rows could change that too.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from heapq import merge
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from apps.core.long_reads import snapshot_read
from apps.core.times import format_time
from apps.transactions.models import FUNDING_ACCOUNT, SALES_ACCOUNT, EntryType, wallet_account

FETCH_ROWS = 2_000
NO_HASH = bytes(32)  # comes before the first entry of a chain

# As text: a value that somebody forged should be named, not break the reading. In the order of a unique index, so that
# the server need not sort. The original of a reversal is looked up for reversals only.
_ENTRIES = """
SELECT e.seller_id::text, e.sequence, e.id::text, e.type, e.amount::text, e.balance_before::text, e.balance_after::text,
       e.debit_account, e.credit_account, e.phone_number, coalesce(e.credit_request_id::text, ''),
       coalesce(e.reverses_id::text, ''), e.created_by_id::text,
       to_char(e.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
       e.idempotency_key, e.description, e.entry_hash,
       CASE WHEN e.reverses_id IS NOT NULL THEN (
           SELECT ARRAY[o.seller_id::text, o.amount::text, o.credit_account, o.debit_account, o.type]
           FROM transactions_ledgerentry o WHERE o.id = e.reverses_id AND o.sequence < e.sequence
       ) END
FROM transactions_ledgerentry e {where} ORDER BY e.seller_id, e.sequence"""

_WALLETS = "SELECT seller_id::text, balance::text, sequence FROM transactions_wallet w {where} ORDER BY w.seller_id"
_TOTAL = "SELECT coalesce(sum(sequence), 0)::bigint, clock_timestamp() FROM transactions_wallet {where}"


class WalletRow(NamedTuple):
    """A wallet as it is in the database."""

    seller_id: str
    balance: str
    sequence: int


class Row(NamedTuple):
    """An entry as it is in the database."""

    seller_id: str
    sequence: int
    id: str
    type: str
    amount: str
    balance_before: str
    balance_after: str
    debit_account: str
    credit_account: str
    phone_number: str
    credit_request_id: str
    reverses_id: str
    created_by_id: str
    created_at: str
    idempotency_key: str
    description: str
    entry_hash: memoryview | None
    reversed: list[str] | None  # seller, amount, legs swapped, and type of what a reversal reverses


@dataclass(frozen=True, slots=True)
class Problem:
    """The first wrong row of a chain. `faults` says what is wrong with it, by code."""

    seller_id: str
    sequence: int
    faults: Mapping[str, str]


@dataclass(slots=True)
class Report:
    """What a run found."""

    taken_at: str = ""
    sellers: int = 0
    entries: int = 0
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class Chain:
    """The entries of one seller, as far as they were read, and what earlier seals say of them."""

    seller_id: str
    checkpoints: Mapping[int, str]
    sequence: int = 0
    balance: str = "0.00"
    head: bytes = NO_HASH
    moment: str = ""
    sealed: int = 0  # up to here a seal has confirmed the chain

    def extend(self, row: Row) -> dict[str, str]:
        """Take the next entry; return what is wrong with it."""
        if row.sequence != self.sequence + 1:
            return {"sequence": f"missing: entry {row.sequence} stands in its place"}
        faults = {code: detail for code, detail in _faults(row, self) if detail}
        self.sequence, self.balance, self.moment = row.sequence, row.balance_after, row.created_at
        self.head = bytes(row.entry_hash or b"")
        expected = self.checkpoints.get(self.sequence)
        if expected == self.head.hex():
            self.sealed = self.sequence
        elif expected and not faults:
            faults["seal"] = f"rewritten since the seal: an entry from {self.sealed + 1} to {self.sequence}"
        return faults

    def end(self, wallet: WalletRow | None) -> Problem | None:
        """Compare what the chain ends with to the seals and to the wallet."""
        last_sealed = max(self.checkpoints, default=0)
        if last_sealed > self.sequence:
            detail = f"deleted since the seal, which ends with entry {last_sealed}"
            return Problem(self.seller_id, self.sequence + 1, {"seal": detail})
        if wallet is None:
            return Problem(self.seller_id, self.sequence, {"wallet": "the seller has no wallet"})
        if (wallet.sequence, wallet.balance) != (self.sequence, self.balance):
            detail = (
                f"the wallet says {wallet.balance} after entry {wallet.sequence}, "
                f"the ledger {self.balance} after entry {self.sequence}"
            )
            return Problem(self.seller_id, max(wallet.sequence, self.sequence), {"wallet": detail})
        return None


def hash_entry(previous_hash: bytes, entry: Row) -> bytes:
    """Return the hash of an entry: SHA-256 of the hash before it and of its canonical form (docs/ledger.md)."""
    form = (
        f"{entry.id}|{entry.seller_id}|{entry.sequence}|{entry.type}"
        f"|{entry.amount}|{entry.balance_before}|{entry.balance_after}|{entry.debit_account}|{entry.credit_account}"
        f"|{entry.phone_number}|{entry.credit_request_id}|{entry.reverses_id}|{entry.created_by_id}|{entry.created_at}"
        f"|{len(entry.idempotency_key.encode())}|{entry.idempotency_key}|{entry.description}"
    )
    return sha256(previous_hash + form.encode()).digest()


def _faults(row: Row, before: Chain) -> Iterator[tuple[str, str]]:
    """Yield each check of an entry against the chain `before` it: its code, and what is wrong or ""."""
    linked = row.balance_before == before.balance
    yield "balance", "" if linked else f"begins with {row.balance_before} where {before.balance} was left"
    yield "arithmetic", _arithmetic_fault(row)
    yield "legs", _legs_fault(row)
    in_order = row.created_at > before.moment
    yield "order", "" if in_order else f"dated {row.created_at}, not after {before.moment}, when the one before it was"
    intact = hash_entry(before.head, row) == bytes(row.entry_hash or b"")
    yield "hash", "" if intact else "what it says does not match its hash"


def _arithmetic_fault(row: Row) -> str:
    try:
        amount, before, after = (
            int(text.replace(".", "")) for text in (row.amount, row.balance_before, row.balance_after)
        )
    except ValueError:
        return f"{row.amount}, {row.balance_before}, {row.balance_after}: not amounts of money"
    change = amount if row.credit_account == wallet_account(row.seller_id) else -amount
    if amount > 0 and after >= 0 and after == before + change:
        return ""
    return f"{row.amount} does not lead from {row.balance_before} to {row.balance_after}"


def _legs_fault(row: Row) -> str:
    legs = [row.debit_account, row.credit_account]
    if row.type == EntryType.REVERSAL:
        mirrored = [row.seller_id, row.amount, *legs]
        original = row.reversed or []
        if original[:4] == mirrored and original[4] != EntryType.REVERSAL:
            return ""
        return f"does not mirror entry {row.reverses_id}"
    wallet = wallet_account(row.seller_id)
    expected: dict[str, list[str]] = {
        EntryType.CREDIT_INCREASE: [FUNDING_ACCOUNT, wallet],
        EntryType.CHARGE_SALE: [wallet, SALES_ACCOUNT],
    }
    return "" if legs == expected.get(row.type) else f"{row.type} moves {row.amount} from {legs[1]} to {legs[0]}"


class Verification:
    """One pass over the ledger, in constant memory, on one snapshot.

    `checkpoints` is what earlier seals say; `on_head` gets seller, sequence and hash of each chain's newest entry;
    `on_progress` gets the entries read so far and the entries there are.
    """

    def __init__(
        self,
        *,
        checkpoints: Mapping[str, Mapping[int, str]],
        on_head: Callable[[str, int, str], object] = lambda *_: None,
        on_progress: Callable[[int, int], object] = lambda *_: None,
    ) -> None:
        self._checkpoints = dict(checkpoints)
        self.on_head, self.on_progress = on_head, on_progress
        self.report = Report()

    def run(self, seller_id: UUID | None = None) -> Report:
        """Verify every chain, or that of one seller."""
        where, params = ("WHERE seller_id = %s", [seller_id]) if seller_id else ("", [])
        with snapshot_read():
            total = self._begin(_TOTAL.format(where=where), params)
            wallets: Iterator[WalletRow | Row] = map(WalletRow._make, _stream(_WALLETS.format(where=where), params))
            entries = map(Row._make, self._count(_stream(_ENTRIES.format(where=where), params), total))
            by_seller = attrgetter("seller_id")
            for seller, rows in groupby(merge(wallets, entries, key=by_seller), key=by_seller):
                self._verify(seller, rows)
        for seller, sealed in sorted(self._checkpoints.items()):
            if seller_id is None or str(seller_id) == seller:
                detail = f"the whole chain was deleted since the seal, which ends with entry {max(sealed)}"
                self.report.problems.append(Problem(seller, 1, {"seal": detail}))
        return self.report

    def _verify(self, seller: str, rows: Iterator[WalletRow | Row]) -> None:
        chain = Chain(seller, self._checkpoints.pop(seller, {}))
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

    def _begin(self, sql: str, params: list[UUID]) -> int:
        """Note the moment, and return how many entries the wallets count."""
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            total, now = cursor.fetchone()
        self.report.taken_at = format_time(now)
        return int(total)

    def _count(self, rows: Iterator[Any], total: int) -> Iterator[Any]:
        for row in rows:
            yield row
            self.report.entries += 1
            if not self.report.entries % FETCH_ROWS:
                self.on_progress(self.report.entries, total)
        self.on_progress(self.report.entries, total)


def _stream(sql: str, params: list[UUID]) -> Iterator[Any]:
    """Yield the rows of a query in constant memory, from a cursor of the running transaction."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(FETCH_ROWS):
            yield from rows
