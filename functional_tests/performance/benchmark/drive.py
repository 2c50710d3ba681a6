"""What a load generator is asked for and what it tells."""

from dataclasses import dataclass
from typing import Protocol

# As many requests (or pgbench's transactions) are under way at any moment.
CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Drive:
    """What one run of a load generator saw; latencies in milliseconds."""

    requests: int
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


class Driver(Protocol):
    """Keeps `CONNECTIONS` requests under way for some seconds."""

    def __call__(self, *, seconds: int, run: int) -> Drive:
        """Return what was seen; `run` differs in each call, so that keys do. Raises `UnexpectedAnswer`."""
