"""Seals: the newest entry of every chain at one moment, in a file to keep out of reach of all who can write here.

The file is plain text (docs/ledger.md): a title, one line per chain, the moment, and the SHA-256 of all that.
"""

import hashlib
import os
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from apps.core.errors import InvalidInput
from apps.core.values.times import format_time

TITLE = "sharj-ledger-seal 2"
# Entries that were about to be committed while a seal of format 1 was taken may be a little older and not in it.
_SLACK = {TITLE: timedelta(0), "sharj-ledger-seal 1": timedelta(minutes=1)}
_DIGEST = "sha256 "
AUDIT = "audit"  # begins the lines of the audit trail, whose chains have actors


@dataclass
class Seals:
    """The contents of seals. Keys are the ids of sellers as text."""

    checkpoints: dict[str, dict[int, str]] = field(default_factory=dict)  # the hashes that each chain had, by sequence
    audit: dict[str, dict[int, str]] = field(default_factory=dict)  # the same of the audit trail; keys are actors
    taken: list[tuple[str, dict[str, int]]] = field(default_factory=list)  # the moment of each seal, and where it ends

    def floors(self, seller_id: str) -> list[tuple[int, str]]:
        """Return the last sequence in each seal, and the moment before which no later entry is dated; in order."""
        return sorted((ends.get(seller_id, 0), moment) for moment, ends in self.taken)


class SealWriter:
    """Writes one seal, line by line. It takes the place of `path` when it is ended, and is gone when it is not."""

    def __init__(self, path: Path) -> None:
        self._path, self._sha256 = path, hashlib.sha256()

    def __enter__(self) -> "SealWriter":
        descriptor, self._temporary = tempfile.mkstemp(dir=self._path.absolute().parent, prefix=f".{self._path.name}.")
        self._file = open(descriptor, "wb")
        self._line(TITLE)
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()
        Path(self._temporary).unlink(missing_ok=True)

    def add(self, seller_id: str, sequence: int, entry_hash: str) -> None:
        """Write the end of one chain: of sellers in the order of their ids, then of the audit trail."""
        self._line(f"{seller_id} {sequence} {entry_hash}")

    def end(self, taken_at: str) -> str:
        """Write the moment and the digest, put the file in its place, and return the digest."""
        self._line(f"taken_at {taken_at}")
        digest = self._sha256.hexdigest()
        self._line(_DIGEST + digest)
        self._file.flush()
        os.fsync(self._file.fileno())
        Path(self._temporary).replace(self._path)
        return digest

    def _line(self, text: str) -> None:
        data = f"{text}\n".encode()
        self._sha256.update(data)
        self._file.write(data)


def read_seals(paths: list[Path]) -> Seals:
    """Return what the seals say of each chain.

    Raises:
        InvalidInput: a file is not a seal, was damaged, or contradicts another one.
    """
    seals = Seals()
    for path in paths:
        title, *lines, moment = _lines(path)
        ends: dict[str, int] = {}
        for line in lines:
            chain, sequence, entry_hash = _parse(path, line.removeprefix(f"{AUDIT} "))
            is_audit = line.startswith(AUDIT)
            known = (seals.audit if is_audit else seals.checkpoints).setdefault(chain, {})
            if known.setdefault(sequence, entry_hash) != entry_hash:
                raise InvalidInput("against", f"{path}: contradicts another seal: {line}")
            ends |= {} if is_audit else {chain: sequence}
        seals.taken.append((_moment(path, moment, _SLACK[title]), ends))
    return seals


def _lines(path: Path) -> list[str]:
    """Return the lines of a seal but the last, its digest, which was found right."""
    *lines, last = path.read_bytes().splitlines(keepends=True) or [b""]
    if len(lines) < 2 or lines[0].decode(errors="replace").strip() not in _SLACK:
        raise InvalidInput("against", f"{path}: not a seal")
    if last.decode(errors="replace") != f"{_DIGEST}{hashlib.sha256(b''.join(lines)).hexdigest()}\n":
        raise InvalidInput("against", f"{path}: damaged: its digest does not match")
    return [line.decode(errors="replace").strip() for line in lines]


def _parse(path: Path, line: str) -> tuple[str, int, str]:
    try:
        seller_id, sequence, entry_hash = line.split()
        return str(UUID(seller_id)), int(sequence), entry_hash
    except ValueError as error:
        raise InvalidInput("against", f"{path}: not a line of a seal: {line!r}") from error


def _moment(path: Path, line: str, slack: timedelta) -> str:
    try:
        return format_time(datetime.fromisoformat(line.removeprefix("taken_at ")) - slack)
    except ValueError as error:
        raise InvalidInput("against", f"{path}: not a moment of a seal: {line!r}") from error
