#!/usr/bin/env python3
"""Verify a CSV export of the ledger, and that it agrees with seals. Needs Python 3.9 and nothing else.

    python3 verify_export.py transactions.csv [--seal FILE ...]

The export is that of `GET /api/v1/transactions/` with `Accept: text/csv`, whole or of a span of time (entries before it
are then taken on trust), newest or oldest first. docs/ledger.md lists the checks. Exits with 1 and
names seller, sequence and fault if something is wrong; with 2 if it cannot verify.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
from collections.abc import Iterator
from itertools import islice

Entry = dict[str, str]
Checkpoints = dict[tuple[str, int], str]

NO_HASH = bytes(32)
TEXTS = ("idempotency_key", "description", "debit_account", "credit_account")
TITLES = ("sharj-ledger-seal 1", "sharj-ledger-seal 2")


class Unusable(Exception):
    """The input is not an export or not a seal."""


def unguard(cell: str) -> str:
    """Remove the apostrophe that keeps spreadsheets from running a cell."""
    return cell[1:] if cell.startswith("'") else cell


def read_entries(path: str) -> Iterator[Entry]:
    """Yield the entries of an export, in its order."""
    with open(path, encoding="utf-8", newline="") as file:
        remarks = 0  # lines before the header, of a filtered export or a statement of a month
        while file.readline().startswith(("# ", '"# ')):
            remarks += 1
        file.seek(0)
        for number, entry in enumerate(csv.DictReader(islice(file, remarks, None)), remarks + 2):
            if None in entry or None in entry.values() or not entry.get("entry_hash"):
                raise Unusable(f"{path}, row {number}: not an entry with its hash")
            for name in TEXTS:
                entry[name] = unguard(entry[name])
            if not (entry["sequence"].isascii() and entry["sequence"].isdigit()):
                raise Unusable(f"{path}, row {number}: {entry['sequence']!r} is not a sequence")
            yield entry


def read_seal(path: str) -> Checkpoints:
    """Return the hashes of a seal, by seller and sequence."""
    with open(path, "rb") as file:
        lines = file.read().splitlines(keepends=True)
    if len(lines) < 3 or lines[0].decode(errors="replace").strip() not in TITLES:
        raise Unusable(f"{path}: not a seal")
    if lines[-1].decode(errors="replace") != f"sha256 {hashlib.sha256(b''.join(lines[:-1])).hexdigest()}\n":
        raise Unusable(f"{path}: damaged: its digest does not match")
    chains = (line.decode().split() for line in lines[1:-2] if not line.startswith(b"audit "))
    return {(seller, int(sequence)): entry_hash for seller, sequence, entry_hash in chains}


def hash_entry(previous_hash: bytes, entry: Entry) -> bytes:
    """Return SHA-256 of the hash before an entry and of its canonical form."""
    key = entry["idempotency_key"]
    form = [
        entry["id"], entry["seller"], entry["sequence"], entry["type"],
        entry["amount"], entry["balance_before"], entry["balance_after"],
        entry["debit_account"], entry["credit_account"], entry["phone_number"],
        entry["credit_request"], entry["reverses"], entry["created_by"], entry["created_at"],
        str(len(key.encode())), key, entry["description"],
    ]  # fmt: skip
    younger = {name: entry.get(name) for name in ("operator", "face_value")}  # earlier releases exported none
    form[:0] = [f"{name}={value}" for name, value in younger.items() if value]
    return hashlib.sha256(previous_hash + "|".join(form).encode()).digest()


def cents(amount: str) -> int | None:
    """Return an amount of money as a whole number; None if it is not one."""
    digits = amount.replace(".", "", 1)
    return int(digits) if digits.isascii() and digits.isdigit() and amount[-3:-2] == "." else None


def faults_of(entry: Entry) -> Iterator[str]:
    """Yield what is wrong with an entry in itself."""
    amount, before, after = (cents(entry[name]) for name in ("amount", "balance_before", "balance_after"))
    wallet = "wallet:" + entry["seller"]
    sign = 1 if entry["credit_account"] == wallet else -1
    if not amount or before is None or after is None or after != before + sign * amount:
        yield "the amount does not lead from one balance to the other"
    legs = (entry["debit_account"], entry["credit_account"])
    expected = {"credit_increase": ("platform:funding", wallet), "charge_sale": (wallet, "platform:charge_sales")}
    if legs != expected.get(entry["type"], legs if entry["type"] == "reversal" and wallet in legs else None):
        yield "the legs are not those of its type"


def link_faults(before: Entry | None, entry: Entry) -> Iterator[str]:
    """Yield what is wrong between an entry and the one before it (None: it is the first of its seller)."""
    if entry["balance_before"] != (before["balance_after"] if before else "0.00"):
        yield "does not begin with the balance that was left"
    if before and entry["created_at"] <= before["created_at"]:
        yield "is not dated after the one before it"
    if hash_entry(bytes.fromhex(before["entry_hash"]) if before else NO_HASH, entry).hex() != entry["entry_hash"]:
        yield "what it says does not match its hash"


def mirror_faults(reversal: Entry, original: Entry) -> Iterator[str]:
    """Yield what is wrong between a reversal and what it reverses."""
    mirrored = [original[name] for name in ("seller", "amount", "credit_account", "debit_account")]
    if original["type"] == "reversal" or mirrored != [
        reversal[name] for name in ("seller", "amount", "debit_account", "credit_account")
    ]:
        yield f"does not mirror entry {original['sequence']}"


class Verification:
    """One pass over an export. Keeps one entry of each seller, and half of each reversal until it meets the other."""

    def __init__(self, sealed: Checkpoints) -> None:
        self.sealed = dict(sealed)
        self.faults: dict[str, tuple[int, list[str]]] = {}  # of each seller: the first wrong entry and its faults
        self.neighbours: dict[str, Entry] = {}
        self.spans: dict[str, tuple[int, int]] = {}
        self.halves: dict[str, Entry] = {}
        self.entries = 0

    def report(self, seller: str, sequence: int, faults: Iterator[str] | list[str]) -> None:
        """Keep the faults if no earlier entry of the seller has any."""
        found = list(faults)
        first, earlier = self.faults.get(seller, (sequence, []))
        if found and sequence <= first:
            self.faults[seller] = (sequence, [*(earlier if sequence == first else []), *found])

    def take(self, entry: Entry) -> None:
        """Check an entry, and its link to the one before or after it, whichever came before in the file."""
        seller, sequence = entry["seller"], int(entry["sequence"])
        self.entries += 1
        self.report(seller, sequence, faults_of(entry))
        if sequence == 1:
            self.report(seller, 1, link_faults(None, entry))
        if seller in self.neighbours:
            self.link(self.neighbours[seller], entry)
        self.neighbours[seller] = entry
        low, high = self.spans.get(seller, (sequence, sequence))
        self.spans[seller] = (min(low, sequence), max(high, sequence))
        if self.sealed.pop((seller, sequence), entry["entry_hash"]) != entry["entry_hash"]:
            self.report(seller, sequence, ["it or an entry before it was rewritten since the seal"])
        self.pair(entry)

    def link(self, neighbour: Entry, entry: Entry) -> None:
        """Check two entries of one seller that follow each other in the file, in either direction."""
        older, newer = sorted((neighbour, entry), key=lambda each: int(each["sequence"]))
        seller, expected = entry["seller"], int(older["sequence"]) + 1
        if int(newer["sequence"]) == expected:
            self.report(seller, expected, link_faults(older, newer))
        else:
            self.report(seller, expected, ["is missing or not in its place"])

    def pair(self, entry: Entry) -> None:
        """Match a reversal with its original, in either order."""
        original_id = entry["reverses"] or entry["id"]
        if entry["reverses"] or entry["reversed_by"] or original_id in self.halves:
            other = self.halves.pop(original_id, None)
            if other is None:
                self.halves[original_id] = entry
            else:
                reversal, original = (entry, other) if entry["reverses"] else (other, entry)
                self.report(reversal["seller"], int(reversal["sequence"]), mirror_faults(reversal, original))

    def end(self, *, whole: bool) -> None:
        """Check what only the whole export can show."""
        for seller, sequence in self.sealed:
            _, high = self.spans.get(seller, (1, 0))
            if sequence > high:
                self.report(seller, high + 1, [f"was deleted since the seal, which ends with entry {sequence}"])
        if not whole:
            return
        for seller, (low, _) in self.spans.items():
            if low > 1:
                self.report(seller, 1, ["is missing or not in its place"])
        for half in self.halves.values():
            if half["reverses"]:
                self.report(half["seller"], int(half["sequence"]), ["reverses an entry that does not exist"])


def verify(export: str, seals: list[str], *, whole: bool) -> Verification:
    """Return the verification of an export."""
    verification = Verification({key: digest for path in seals for key, digest in read_seal(path).items()})
    for entry in read_entries(export):
        verification.take(entry)
    verification.end(whole=whole)
    return verification


def main() -> int:
    """Verify what the command line names."""
    parser = argparse.ArgumentParser(description="Verify a CSV export of the ledger.")
    parser.add_argument("export", help="the CSV file")
    parser.add_argument("--seal", action="append", default=[], metavar="FILE", help="an earlier seal; can be repeated")
    parser.add_argument("--part", action="store_true", help="the export does not begin with each seller's first entry")
    arguments = parser.parse_args()
    try:
        found = verify(arguments.export, arguments.seal, whole=not arguments.part)
    except (Unusable, OSError, ValueError, KeyError, csv.Error) as error:
        sys.stderr.write(f"cannot verify: {type(error).__name__}: {error}\n")
        return 2
    for seller, (sequence, faults) in sorted(found.faults.items()):
        for fault in faults:
            sys.stdout.write(f"seller {seller}, entry {sequence}: {fault}\n")
    verdict = f"{len(found.faults)} sellers with faults" if found.faults else "no fault"
    sys.stdout.write(f"{found.entries} entries of {len(found.spans)} sellers: {verdict}.\n")
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main())
