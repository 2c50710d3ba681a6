"""The event stream as an ASGI application (Server-Sent Events, WHATWG HTML, section 9.2).

The gate runs in a thread, through all middleware, like any other request. A stream that is open is a coroutine: it has
no thread and no connection to the database, and borrows both for the moment in which it reads new events.
"""

import asyncio
import io
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.db import Error, close_old_connections, connections
from django.http.response import HttpResponseBase
from django.urls import reverse

from apps.core.observability.metrics import register_gauges
from apps.notifications.events.serializers import render_event
from apps.notifications.stream import selectors
from apps.notifications.stream.hub import STREAMED, Hub, Subscription
from apps.notifications.stream.views import HUB, OpenStream
from apps.notifications.stream.watcher import Watcher
from apps.outbox.models import Event

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15.0
SEND_SECONDS = 20.0  # a client that does not read loses its stream
RETRY_MILLISECONDS = 3_000  # until a client connects again
THREADS = 4  # and as many connections to the database


class EventStreams:
    """Serve the stream; hand every other request to `others`."""

    def __init__(self, others: Application) -> None:
        self._others = others
        self._path = reverse("event-stream")
        self._gate = BaseHandler()
        self._gate.load_middleware()
        self._hub = Hub()
        register_gauges(self._hub.gauges)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="event-stream")
        self._watcher: Watcher | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http" and scope["path"] == self._path:
            await self._serve(scope, receive, send)
        else:
            await self._others(scope, receive, send)

    def close(self) -> None:
        """End all streams, so that the server can stop; their clients resume at another process or at the next one."""
        self._hub.end()

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._watcher = Watcher(self._hub, asyncio.get_running_loop())
        self._watcher.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.to_thread(self._watcher.stop)
        await asyncio.to_thread(_close_connections, self._threads)
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._in_thread(partial(self._pass_gate, {**scope, HUB: self._hub}))
        subscription = response.subscription if isinstance(response, OpenStream) else None
        try:
            await _send_head(response, send)
            if subscription is not None and scope["method"] == "GET":
                await self._stream_until_gone(subscription, receive, send)
            else:
                await _send_body(getattr(response, "content", b""), send)
            await _send_body(b"", send, is_last=True)
        except (OSError, TimeoutError):
            pass  # the client is gone, or does not read
        finally:
            if subscription is not None:
                self._hub.unsubscribe(subscription)

    def _pass_gate(self, scope: Scope) -> HttpResponseBase:
        close_old_connections()
        response = self._gate.get_response(ASGIRequest(scope, io.BytesIO()))
        response.close()
        return response

    async def _stream_until_gone(self, subscription: Subscription, receive: Receive, send: Send) -> None:
        streaming = asyncio.create_task(self._stream(subscription, send))
        leaving = asyncio.create_task(_left(receive))
        done, pending = await asyncio.wait({streaming, leaving}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        if leaving in done:
            raise ConnectionResetError
        await streaming

    async def _stream(self, subscription: Subscription, send: Send) -> None:
        await _send_body(f"retry: {RETRY_MILLISECONDS}\n\n".encode(), send)
        while not subscription.is_over:
            subscription.woken.clear()
            events = await self._in_thread(partial(_read, subscription))
            for event in events:
                await _send_body(_frame(event), send)
                subscription.position = event.pk
                STREAMED.inc()
            if len(events) < selectors.BATCH and not subscription.is_over:
                await _wait(subscription, send)

    async def _in_thread(self, function: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)


def _close_connections(threads: ThreadPoolExecutor) -> None:
    """End the threads and their connections to the database."""
    all_are_here = Barrier(THREADS)  # so each of them gets one of the calls

    def close() -> None:
        all_are_here.wait()
        connections.close_all()

    for _ in range(THREADS):
        threads.submit(close)
    threads.shutdown()


def _read(subscription: Subscription) -> list[Event]:
    """Return new events of a session that still lives; none while the database is away: the watcher wakes all then."""
    close_old_connections()
    try:
        if not selectors.live_sessions({subscription.session_id}):
            subscription.is_over = True
            return []
        return selectors.events_after(subscription.seller_id, subscription.position)
    except Error as error:
        logger.warning("event stream: cannot read: %s", str(error).strip().splitlines()[:1])
        return []


async def _wait(subscription: Subscription, send: Send) -> None:
    """Wait for the next event, and show meanwhile that the stream lives."""
    while not subscription.woken.is_set():
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                await subscription.woken.wait()
        except TimeoutError:
            await _send_body(b": alive\n\n", send)


def _frame(event: Event) -> bytes:
    body = json.dumps(render_event(event), separators=(",", ":"))  # one line, as `data` must be
    return f"id: {event.pk}\nevent: {event.type}\ndata: {body}\n\n".encode()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_head(response: HttpResponseBase, send: Send) -> None:
    headers = [(name.lower().encode("latin1"), value.encode("latin1")) for name, value in response.items()]
    headers += [(b"set-cookie", cookie.OutputString().encode()) for cookie in response.cookies.values()]
    if isinstance(response, OpenStream):
        headers = [(name, value) for name, value in headers if name != b"content-length"]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})


async def _send_body(body: bytes, send: Send, *, is_last: bool = False) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await send({"type": "http.response.body", "body": body, "more_body": not is_last})
