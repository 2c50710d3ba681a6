"""The stream as its clients see it: a real uvicorn in a thread, and a reader of Server-Sent Events."""

import asyncio
import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from django.core.asgi import get_asgi_application

from apps.notifications.management.commands.event_stream import StreamServer, server_config
from apps.notifications.stream.application import EventStreams

PATIENCE_SECONDS = 30


@contextmanager
def running_stream_server() -> Iterator[int]:
    """Serve the stream of the test's database while the block runs; yield its port."""
    server = StreamServer(server_config(EventStreams(get_asgi_application()), "127.0.0.1", 0))
    thread = Thread(target=asyncio.run, args=(server.serve(),))
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for something that another thread does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@dataclass
class Stream:
    """An open stream."""

    connection: http.client.HTTPConnection
    answer: http.client.HTTPResponse
    comments: int = 0
    last_id: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    def next(self) -> dict[str, Any] | None:
        """Return the next event, or None at the end of the stream."""
        while line := self.answer.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if name == "":
                self.comments += line.startswith(":")
            elif name in ("id", "event", "data", "retry"):
                self.fields[name] = value
                continue
            if line == "\n" and "data" in self.fields:
                return self._dispatch()
        return None

    def _dispatch(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.fields["data"])
        assert (event["id"], event["type"]) == (self.fields["id"], self.fields["event"])
        self.last_id, self.fields = event["id"], {}
        return event

    def take(self, number: int) -> list[dict[str, Any]]:
        """Return so many events."""
        events = [self.next() for _ in range(number)]
        return [event for event in events if event is not None]

    def close(self) -> None:
        self.answer.close()
        self.connection.close()


_opened: list[Stream] = []


@contextmanager
def closing_streams() -> Iterator[None]:
    """Close every stream that was opened in the block."""
    yield
    while _opened:
        _opened.pop().close()


def _connect(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)


def open_stream(
    server: int | http.client.HTTPConnection,
    token: str,
    last_id: str = "",
    *,
    method: str = "GET",
    path: str = "events/stream/",
) -> Stream:
    """Ask a port of loopback, or an open connection, for a stream; the answer may be a refusal."""
    connection = server if isinstance(server, http.client.HTTPConnection) else _connect(server)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    headers |= {"Last-Event-ID": last_id} if last_id else {}
    connection.request(method, f"/api/v1/{path}", headers=headers)
    _opened.append(Stream(connection, connection.getresponse(), last_id=last_id))
    return _opened[-1]
