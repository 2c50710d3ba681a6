"""A proxy on loopback (TCP or a Unix socket) that cuts connections where its cutter says."""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Protocol

from functional_tests.server import HOST

Address = Path | int  # a Unix socket, or a TCP port on loopback
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_READ_BYTES = 65_536


class Cutter(Protocol):
    """Decide how much of each piece of data passes; less than all of it cuts the connection there."""

    def allow(self, data: bytes, *, upward: bool) -> int: ...


@dataclass
class RandomCutter:
    """While it is `on`, cut each connection after a number of bytes drawn from `rng`; `only_answers`: one in four."""

    rng: Random
    mean_bytes: int
    on: bool = False
    cuts: int = 0
    only_answers: bool = False

    def allow(self, data: bytes, *, upward: bool) -> int:
        if self.on and self.only_answers:
            is_cut = not upward and self.rng.random() < 0.25
            self.cuts += is_cut
            return 0 if is_cut else len(data)
        if not self.on or self.rng.random() > len(data) / self.mean_bytes:
            return len(data)
        self.cuts += 1
        return self.rng.randrange(len(data))


@dataclass
class CommitCutter:
    """Cut the connection at a COMMIT: before the server sees it, or before the client sees its answer."""

    is_delivered: bool
    cuts: int = 0
    _is_answer_next: bool = field(default=False, init=False)

    def allow(self, data: bytes, *, upward: bool) -> int:
        if upward and b"COMMIT" in data:
            self._is_answer_next = self.is_delivered
            self.cuts += not self.is_delivered
            return len(data) if self.is_delivered else 0
        if not upward and self._is_answer_next:
            self._is_answer_next = False
            self.cuts += 1
            return 0
        return len(data)


@contextmanager
def proxy(listen: Address, target: Address, cutter: Cutter) -> Iterator[None]:
    """Forward every connection from `listen` to `target` while the block runs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def wait_for(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(timeout=10)

    server = wait_for(_listen(listen, target, cutter))
    try:
        yield
    finally:
        wait_for(_close(server))
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


async def _listen(listen: Address, target: Address, cutter: Cutter) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _forward((reader, writer), target, cutter)

    if isinstance(listen, Path):
        return await asyncio.start_unix_server(serve, listen)
    return await asyncio.start_server(serve, HOST, listen)


async def _close(server: asyncio.Server) -> None:
    """Stop listening and forwarding. In the loop's own thread: a server is not safe to close from another."""
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _forward(client: Stream, target: Address, cutter: Cutter) -> None:
    try:
        server = await (
            asyncio.open_unix_connection(target) if isinstance(target, Path) else asyncio.open_connection(HOST, target)
        )
    except OSError:
        client[1].transport.abort()
        return
    pumps = [
        asyncio.create_task(_pump(client[0], server[1], cutter, upward=True)),
        asyncio.create_task(_pump(server[0], client[1], cutter, upward=False)),
    ]
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for pump in pumps:
            pump.cancel()
        for _, writer in (client, server):
            _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close a connection by a reset (TCP's RST), as a machine that restarted or a firewall does."""
    link = writer.get_extra_info("socket")
    if link is not None and link.family == socket.AF_INET:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cutter: Cutter, *, upward: bool) -> None:
    try:
        while data := await reader.read(_READ_BYTES):
            allowed = cutter.allow(data, upward=upward)
            writer.write(data[:allowed])
            await writer.drain()
            if allowed < len(data):
                return
    except OSError:
        return
