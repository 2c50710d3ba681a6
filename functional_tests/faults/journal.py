"""Journal of one client, attempt by attempt, in a file that outlives every fault. Standard library only."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request and its answer. `status` 0: no answer, for the reason in `code`."""

    client: str
    at: float  # of the machine's monotonic clock, seconds, when the answer was there
    began_at: float
    key: str  # "" for a read
    amount: str = ""
    status: int = 0
    code: str = ""
    entry_id: str = ""
    is_unknown: bool = False  # the server said that it does not know whether this happened


def append(file: TextIO, attempt: Attempt) -> None:
    """Write one line, at once."""
    file.write(json.dumps(asdict(attempt)) + "\n")
    file.flush()


def read(files: Iterable[Path]) -> Iterator[Attempt]:
    """Yield every attempt of some journals."""
    for file in files:
        for line in file.read_text().splitlines():
            yield Attempt(**json.loads(line))
