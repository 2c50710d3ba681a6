"""Proof of the audit trail from its rows alone: that no line was forged past the database, changed, removed or moved.

The lines of one actor are a chain: each carries the hash of the one before it. Lines without an actor are one chain.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from django.db import connection

NO_HASH = bytes(32)  # comes before the first line of a chain
_FETCH_ROWS = 2_000
_NO_ACTOR = "00000000-0000-0000-0000-000000000000"

# As text, in the order of the canonical form (docs/ledger.md). A moment that has no such form is a fault of the hash.
_LINES = f"""
SELECT coalesce(actor_id, '{_NO_ACTOR}')::text, sequence, line_hash, id::text, actor_id::text, sequence,
       to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), address::text, action, subject, subject_id,
       subject_name, detail, request_id
FROM accounts_auditevent ORDER BY coalesce(actor_id, '{_NO_ACTOR}'), sequence, id"""  # noqa: S608  (our own constant)
_HEADS = "SELECT actor::text, sequence, line_hash FROM accounts_audithead"


class Line(NamedTuple):
    """A line as it is in the database; `fields` is what its hash covers."""

    actor: str
    sequence: int
    line_hash: bytes
    fields: tuple[object, ...]


class TrailProblem(NamedTuple):
    """The first wrong line of an actor; `faults` describes each fault, by code."""

    actor: str
    sequence: int
    faults: Mapping[str, str]


class Head(NamedTuple):
    """The end of a chain."""

    sequence: int = 0
    line_hash: bytes = NO_HASH


def verify_trail(
    checkpoints: Mapping[str, Mapping[int, str]], on_head: Callable[[str, int, str], object]
) -> tuple[int, list[TrailProblem]]:
    """Return the number of lines, and the problem of each chain that has one. Runs in the caller's transaction.

    `checkpoints` are the hashes in earlier seals, by actor and sequence. `on_head` gets the end of each chain.
    """
    heads, unseen, lines, problems = _heads(), dict(checkpoints), 0, []
    for actor, chain in groupby(_lines(), key=attrgetter("actor")):
        head, sealed = heads.pop(actor, Head()), unseen.pop(actor, {})
        count, end, problem = _follow(chain, sealed)
        lines += count
        if problem or (problem := _end_problem(actor, end, head, sealed)):
            problems.append(problem)
        else:
            on_head(actor, end.sequence, end.line_hash.hex())
    gone = sorted(heads.keys() | unseen.keys())
    return lines, problems + [TrailProblem(actor, 1, {"removed": "all its lines"}) for actor in gone]


def _follow(chain: Iterator[Line], sealed: Mapping[int, str]) -> tuple[int, Head, TrailProblem | None]:
    """Return the number of lines of a chain, where it ends, and its first problem."""
    count, end, problem = 0, Head(), None
    for count, line in enumerate(chain, 1):  # noqa: B007  (used after the loop)
        if problem is None and (faults := _faults(line, end, sealed)):
            problem = TrailProblem(line.actor, end.sequence + 1, faults)
        end = Head(line.sequence, line.line_hash)
    return count, end, problem


def _faults(line: Line, before: Head, sealed: Mapping[int, str]) -> dict[str, str]:
    if line.sequence != before.sequence + 1:
        return {"sequence": f"missing: line {line.sequence} stands in its place"}
    if hash_line(before.line_hash, line.fields) != line.line_hash:
        return {"hash": "what it says does not match its hash"}
    if sealed.get(line.sequence, line.line_hash.hex()) != line.line_hash.hex():
        return {"seal": "it or a line before it was rewritten since the seal"}
    return {}


def _end_problem(actor: str, end: Head, head: Head, sealed: Mapping[int, str]) -> TrailProblem | None:
    if end != head:
        detail = f"the trail ends with line {end.sequence}, but the database wrote {head.sequence}"
        return TrailProblem(actor, min(end.sequence, head.sequence) + 1, {"removed": detail})
    if (last := max(sealed, default=0)) > end.sequence:
        return TrailProblem(actor, end.sequence + 1, {"seal": f"removed since the seal, which ends with line {last}"})
    return None


def hash_line(previous_hash: bytes, fields: tuple[object, ...]) -> bytes:
    """Return the hash of a line: SHA-256 of the hash before it and of its canonical form."""
    return sha256(previous_hash + json.dumps(fields, ensure_ascii=False).encode()).digest()


def _heads() -> dict[str, Head]:
    with connection.cursor() as cursor:
        cursor.execute(_HEADS)
        return {actor: Head(sequence, bytes(line_hash)) for actor, sequence, line_hash in cursor.fetchall()}


def _lines() -> Iterator[Line]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_LINES)
        while rows := cursor.fetchmany(_FETCH_ROWS):
            for actor, sequence, line_hash, *fields in rows:
                yield Line(actor, sequence, bytes(line_hash), tuple(fields))
