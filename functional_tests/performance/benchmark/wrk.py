"""Driver of the server with `wrk`, which is in every package manager."""

import json
import random
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from functional_tests.performance.benchmark.drive import CONNECTIONS, Drive
from functional_tests.performance.errors import CannotStart, UnexpectedAnswer

SCRIPT = Path(__file__).with_name("wrk.lua")
RECORD_END = b"\x1e"
# Stands for a number of `NUMBER_DIGITS` that no other request of the whole benchmark has.
NUMBER = "\x1f"
NUMBER_DIGITS = 12
TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Workload:
    """Requests as bytes, and the order (indexes, repeated for ever) in which they are sent."""

    requests: Sequence[bytes]
    order: Sequence[int]


def render_request(
    method: str, path: str, *, token: str, body: str = "", headers: Mapping[str, str] | None = None
) -> bytes:
    """Return an HTTP request; `NUMBER` may stand in its body and headers."""
    length = len(body.encode()) + body.count(NUMBER) * (NUMBER_DIGITS - 1)
    lines = {"Host": "127.0.0.1", "Authorization": f"Bearer {token}", **(headers or {})}
    if body:
        lines |= {"Content-Type": "application/json", "Content-Length": str(length)}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n{body}".encode()


def shuffled(count: int, seed: int = 1) -> list[int]:
    """Return the indexes of `count` requests in an order that looks random and never changes."""
    order = list(range(count))
    random.Random(seed).shuffle(order)
    return order


class Wrk:
    """A driver that sends one workload."""

    def __init__(self, base_url: str, file: Path, workload: Workload) -> None:
        self._base_url, self._file = base_url, file
        order = " ".join(str(index + 1) for index in workload.order).encode()
        file.write_bytes(RECORD_END.join([order, *workload.requests, b""]))

    def __call__(self, *, seconds: int, run: int) -> Drive:
        """Send the workload for some seconds; raise `UnexpectedAnswer` for any failed or lost request."""
        command = [find_wrk(), "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s"]
        command += ["--timeout", f"{TIMEOUT_SECONDS}s", "--script", str(SCRIPT)]
        command += [self._base_url, "--", str(self._file), f"{run:04d}"]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        line = next((line for line in finished.stdout.splitlines() if line.startswith("RESULT ")), None)
        if line is None:
            raise UnexpectedAnswer(f"wrk failed: {(finished.stderr or finished.stdout).strip()}")
        return _read(json.loads(line.removeprefix("RESULT ")))


def find_wrk() -> str:
    """Return the path of `wrk`; raise `CannotStart` if it is not installed."""
    program = shutil.which("wrk")
    if program is None:
        raise CannotStart("wrk is not installed: apt install wrk (or brew install wrk)")
    return program


def _read(result: Mapping[str, int]) -> Drive:
    if result["refused"] or result["lost"]:
        raise UnexpectedAnswer(
            f"of {result['requests']:,} requests {result['refused']:,} were refused and {result['lost']:,} lost"
        )
    return Drive(
        requests=result["requests"],
        seconds=result["microseconds"] / 1e6,
        p50_ms=result["p50"] / 1000,
        p95_ms=result["p95"] / 1000,
        p99_ms=result["p99"] / 1000,
    )
