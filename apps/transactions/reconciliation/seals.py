"""Seals: the newest entry of every chain at one moment, in a file to keep out of reach of all who can write here.

The file is plain text (docs/ledger.md): a title, one line per chain, the moment, and the SHA-256 of all that.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from apps.core.errors import InvalidInput

TITLE = "sharj-ledger-seal 1"
_DIGEST = "sha256 "

# Of each seller (its id as text): the hashes that its chain had, by sequence.
Checkpoints = dict[str, dict[int, str]]


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
        """Write the newest entry of one chain. Chains come in the order of their sellers' ids."""
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


def read_seals(paths: list[Path]) -> Checkpoints:
    """Return what the seals say of each chain.

    Raises:
        InvalidInput: a file is not a seal, was damaged, or contradicts another one.
    """
    checkpoints: Checkpoints = {}
    for path in paths:
        for seller_id, sequence, entry_hash in _read(path):
            known = checkpoints.setdefault(seller_id, {}).setdefault(sequence, entry_hash)
            if known != entry_hash:
                raise InvalidInput("against", f"{path}: contradicts another seal: seller {seller_id}, entry {sequence}")
    return checkpoints


def _read(path: Path) -> Iterator[tuple[str, int, str]]:
    *lines, last = path.read_bytes().splitlines(keepends=True) or [b""]
    if len(lines) < 2 or lines[0].decode(errors="replace").strip() != TITLE:
        raise InvalidInput("against", f"{path}: not a seal")
    if last.decode(errors="replace") != f"{_DIGEST}{hashlib.sha256(b''.join(lines)).hexdigest()}\n":
        raise InvalidInput("against", f"{path}: damaged: its digest does not match")
    for line in lines[1:-1]:
        try:
            seller_id, sequence, entry_hash = line.decode().split()
            yield str(UUID(seller_id)), int(sequence), entry_hash
        except ValueError as error:
            raise InvalidInput("against", f"{path}: not a line of a seal: {line!r}") from error
