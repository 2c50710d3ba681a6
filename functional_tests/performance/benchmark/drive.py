"""Interface of the load generators."""

from dataclasses import dataclass
from typing import Protocol

# As many requests (or pgbench's transactions) are under way at any moment.
CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Drive:
    """Result of one run of a load generator; latencies in milliseconds."""

    requests: int
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


class Driver(Protocol):
    """Keeps `CONNECTIONS` requests under way for some seconds."""

    def __call__(self, *, seconds: int, run: int) -> Drive:
        """Return the result; `run` differs in each call, so that keys do. Raises `UnexpectedAnswer`."""
