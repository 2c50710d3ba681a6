"""The book of the simulated operator: every reference it heard of and what it did, kept in a file over restarts."""

import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

_TABLE = """
CREATE TABLE IF NOT EXISTS topup (
    reference TEXT PRIMARY KEY, operator_reference TEXT NOT NULL, phone_number TEXT NOT NULL, amount TEXT NOT NULL,
    status TEXT NOT NULL, acted INTEGER NOT NULL, submissions INTEGER NOT NULL,
    settles_at REAL NOT NULL, made_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS failed (reference TEXT PRIMARY KEY);
"""
COLUMNS = ("reference", "operator_reference", "phone_number", "amount", "status", "acted", "submissions", "made_at")


@dataclass(frozen=True, slots=True)
class TopUpRow:
    """One line of the book. `acted`: how often credit was given to the phone, which must never be above 1."""

    reference: str
    operator_reference: str
    phone_number: str
    amount: str
    status: str
    acted: int
    submissions: int
    settles_at: float

    def told(self) -> str:
        """Return what the operator says of it now."""
        return self.status if time.time() >= self.settles_at else "accepted"


class Book:
    """A SQLite file, or memory. One connection under a lock: the book is not what is measured."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")  # what is committed outlives the process, not the machine
        self._database.executescript(_TABLE)

    def act(self, reference: str, phone_number: str, amount: str, status: str, settles_at: float) -> TopUpRow:
        """Act on a reference, once: a repeated submission is only counted."""
        with self._lock:
            self._database.execute(
                "INSERT INTO topup VALUES (?, ?, ?, ?, ?, ?, 1, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) "
                "ON CONFLICT (reference) DO UPDATE SET submissions = submissions + 1",
                [reference, f"SIM-{uuid4().hex[:12]}", phone_number, amount, status, status == "delivered", settles_at],
            )
        row = self.find(reference)
        assert row is not None  # noqa: S101  (written above; nothing deletes)
        return row

    def find(self, reference: str) -> TopUpRow | None:
        """Return the line of a reference, or None if it was never heard of."""
        names = ", ".join((*COLUMNS[:-1], "settles_at"))
        with self._lock:
            row = self._database.execute(f"SELECT {names} FROM topup WHERE reference = ?", [reference]).fetchone()  # noqa: S608  (our own names)
        return TopUpRow(*row) if row else None

    def fail_once(self, reference: str) -> bool:
        """Return True the first time that it is asked about a reference."""
        with self._lock:
            done = self._database.execute("INSERT OR IGNORE INTO failed VALUES (?)", [reference])
        return done.rowcount == 1

    def rows(self) -> list[tuple[object, ...]]:
        """Return every line, in the order of `COLUMNS`."""
        with self._lock:
            return self._database.execute(f"SELECT {', '.join(COLUMNS)} FROM topup ORDER BY made_at").fetchall()  # noqa: S608  (our own names)
