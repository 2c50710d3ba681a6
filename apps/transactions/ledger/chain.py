"""One seller's chain of entries, judged from its rows alone.

The hashes are computed here, not by the function in the database: who can change rows can change that function, too.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from apps.transactions.models import FUNDING_ACCOUNT, SALES_ACCOUNT, EntryType, wallet_account

NO_HASH = bytes(32)  # comes before the first entry of a chain
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


class WalletRow(NamedTuple):
    """A wallet as it is in the database."""

    seller_id: str
    balance: str
    sequence: int
    last_entry_at: str  # "" without entries


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
    operator: str = ""
    face_value: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """The first wrong row of a chain; `faults` describes each fault, by code."""

    seller_id: str
    sequence: int
    faults: Mapping[str, str]


@dataclass(slots=True)
class Chain:
    """The entries of one seller, as far as they were read, and what earlier seals say of them.

    `checkpoints` are their hashes by sequence. `floors` are, in order, the last sequence of each seal and its moment.
    """

    seller_id: str
    checkpoints: Mapping[int, str]
    floors: list[tuple[int, str]] = field(default_factory=list)
    floor: str = ""  # the moment of the newest seal that does not have the last entry read
    sequence: int = 0
    balance: str = "0.00"
    head: bytes = NO_HASH
    moment: str = ""
    sealed: int = 0  # up to here a seal has confirmed the chain

    def extend(self, row: Row) -> dict[str, str]:
        """Take the next entry; return its faults."""
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
        while self.floors and self.floors[0][0] < self.sequence:
            self.floor = max(self.floor, self.floors.pop(0)[1])
        if self.moment < self.floor:
            faults["seal"] = f"dated {self.moment}, but not in the seal of {self.floor}"
        return faults

    def end(self, wallet: WalletRow | None) -> Problem | None:
        """Compare the end of the chain with the seals and with the wallet."""
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
        if wallet.last_entry_at != self.moment:
            detail = f"the wallet is dated {wallet.last_entry_at}, its newest entry {self.moment}"
            return Problem(self.seller_id, self.sequence, {"wallet": detail})
        return None


def hash_entry(previous_hash: bytes, entry: Row) -> bytes:
    """Return the hash of an entry: SHA-256 of the hash before it and of its canonical form (docs/ledger.md)."""
    form = f"operator={entry.operator}|" if entry.operator else ""
    form += f"face_value={entry.face_value}|" if entry.face_value else ""
    form += (
        f"{entry.id}|{entry.seller_id}|{entry.sequence}|{entry.type}"
        f"|{entry.amount}|{entry.balance_before}|{entry.balance_after}|{entry.debit_account}|{entry.credit_account}"
        f"|{entry.phone_number}|{entry.credit_request_id}|{entry.reverses_id}|{entry.created_by_id}|{entry.created_at}"
        f"|{len(entry.idempotency_key.encode())}|{entry.idempotency_key}|{entry.description}"
    )
    return sha256(previous_hash + form.encode()).digest()


def _faults(row: Row, before: Chain) -> Iterator[tuple[str, str]]:
    """Yield each check of an entry against the chain `before` it: its code, and the fault or ""."""
    linked = row.balance_before == before.balance
    yield "balance", "" if linked else f"begins with {row.balance_before} where {before.balance} was left"
    yield "arithmetic", _arithmetic_fault(row)
    yield "legs", _legs_fault(row)
    yield "time", "" if _MOMENT.fullmatch(row.created_at) else f"dated {row.created_at}: not a moment"
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
