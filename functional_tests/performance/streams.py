"""Measure the event stream: memory per open stream, and the time from an event to the clients that see it.

    python -m functional_tests.performance.streams --streams 1000 --pid <pid of manage.py event_stream>

Prepares sellers at a running server (`make run`), opens streams in equal parts, then credits one seller after
the other.
An event is dated by PostgreSQL in its transaction, just before the commit, so the times include the commit.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import psutil
from sharj import Login

from functional_tests.performance.onboarding import Onboarding, Seller
from functional_tests.performance.transport import Pulse

PER_SELLER = 10  # as EVENT_STREAMS_PER_SELLER
MEGABYTE = 1_000_000


@dataclass
class Arrivals:
    """Seconds from event to client, by event."""

    expected: int
    seconds: dict[str, list[float]] = field(default_factory=dict)
    all_there: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, line: bytes) -> None:
        """Take a `data` line of a stream."""
        event = json.loads(line.removeprefix(b"data: "))
        of_event = self.seconds.setdefault(event["id"], [])
        of_event.append(time.time() - datetime.fromisoformat(event["timestamp"]).timestamp())
        if sum(map(len, self.seconds.values())) >= self.expected:
            self.all_there.set()


async def _read_stream(url: str, token: str, arrivals: Arrivals, opened: asyncio.Semaphore) -> None:
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    head = f"GET {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {token}\r\n\r\n"
    writer.write(head.encode())
    status = await reader.readline()
    if b" 200 " not in status:
        raise SystemExit(f"the stream was refused: {status!r}")
    opened.release()
    while line := await reader.readline():
        if line.startswith(b"data: "):
            arrivals.note(line)


def _post(url: str, token: str, body: dict[str, str]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urlopen(Request(url, data=json.dumps(body).encode(), headers=headers), timeout=30) as answer:
        document: dict[str, Any] = json.load(answer)
    return document


def _credit(base: str, seller: Seller, admin: Login) -> None:
    """File a credit request and approve it: one event."""
    filed = _post(f"{base}/api/v1/credit-requests/", seller.login.access, {"amount": "1.00"})
    _post(f"{base}/api/v1/credit-requests/{filed['id']}/approve/", admin.access, {})


async def _measure(arguments: argparse.Namespace, admin: Login, sellers: list[Seller]) -> None:
    process = psutil.Process(arguments.pid) if arguments.pid else None
    before = process.memory_info().rss if process else 0
    arrivals, opened = Arrivals(len(sellers) * PER_SELLER * arguments.events), asyncio.Semaphore(0)
    tasks = [
        asyncio.create_task(_read_stream(arguments.stream_url, seller.login.access, arrivals, opened))
        for seller in sellers
        for _ in range(PER_SELLER)
    ]
    for _ in tasks:
        await opened.acquire()
    if process:
        used = (process.memory_info().rss - before) / MEGABYTE
        print(f"{len(tasks)} streams are open: {used:.1f} MB more, {used * 1000 / len(tasks):.1f} kB each")
    for _ in range(arguments.events):
        for seller in sellers:
            await asyncio.to_thread(_credit, arguments.url, seller, admin)
    await asyncio.wait_for(arrivals.all_there.wait(), 60)
    for task in tasks:
        task.cancel()
    _print_times("to a client", [seconds for event in arrivals.seconds.values() for seconds in event])
    _print_times("to the last client of an event", [max(event) for event in arrivals.seconds.values()])


def _print_times(what: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    p50, p99 = (ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
    print(f"{what}: p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms, n {len(ordered)}")


def main() -> None:
    """Prepare, open, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--stream-url", default="http://127.0.0.1:8001/api/v1/events/stream/")
    parser.add_argument("--streams", type=int, default=1_000, help=f"rounded down to a multiple of {PER_SELLER}")
    parser.add_argument("--events", type=int, default=3, help="events of each seller")
    parser.add_argument("--pid", type=int, help="the process of the stream, to read its memory")
    arguments = parser.parse_args()
    admin = Login.person("admin", os.environ["DJANGO_SUPERUSER_PASSWORD"], is_staff=True)
    onboarding = Onboarding(arguments.url, f"streams{secrets.token_hex(3)}", admin, parallel=4, pulse=Pulse())
    sellers = onboarding.prepare_sellers([Decimal(1)] * (arguments.streams // PER_SELLER), credit_requests=1)
    asyncio.run(_measure(arguments, admin, sellers))


if __name__ == "__main__":
    main()
