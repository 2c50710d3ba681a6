"""The one connection of a process that listens to PostgreSQL, in a thread of its own."""

import asyncio
import logging
import select
import socket
import time
from threading import Thread
from typing import Any
from uuid import UUID

from django.db import Error, connection

from apps.notifications.stream.hub import Hub
from apps.notifications.stream.selectors import live_sessions

logger = logging.getLogger(__name__)

CHANNEL = "sharj_events"  # the payload is a seller's id and the sequence of its event

# Seconds until the stream of an ended session ends, and until a server that vanished is noticed.
CHECK_SECONDS = 2.0
RECONNECT_SECONDS = 1.0


class Watcher:
    """Wakes the streams of a hub when an event of their seller is committed; ends those whose session is over.

    LISTEN needs a session of its own, so its connection must not go through a pool in transaction mode.
    """

    def __init__(self, hub: Hub, loop: asyncio.AbstractEventLoop) -> None:
        self._hub = hub
        self._loop = loop
        self._stop, self._stopped = socket.socketpair()
        self._thread = Thread(target=self._run, name="event-watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread and its connection."""
        self._stop.close()
        self._thread.join()
        self._stopped.close()

    def _run(self) -> None:
        is_running = True
        while is_running:
            try:
                is_running = self._listen()
            except Error as error:
                logger.warning("event stream: the database is away: %s", str(error).strip().splitlines()[:1])
                connection.close()
                is_running = not self._is_told_to_stop(RECONNECT_SECONDS)
        connection.close()

    def _listen(self) -> bool:
        """Watch until told to stop; then return false."""
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        self._in_loop(self._hub.wake_all)
        checked_at = 0.0
        raw = connection.connection
        while True:
            if time.monotonic() - checked_at >= CHECK_SECONDS:
                self._end_dead_streams()
                checked_at = time.monotonic()
            self._tell(raw)  # what came meanwhile arrived with the answer of a query
            readable, _, _ = select.select([raw, self._stopped], [], [], CHECK_SECONDS)
            if self._stopped in readable:
                return False
            with connection.wrap_database_errors:  # the driver's own errors, not Django's
                raw.poll()

    def _tell(self, raw: Any) -> None:
        sellers = {UUID(notification.payload.split()[0]) for notification in raw.notifies}
        raw.notifies.clear()
        if sellers:
            self._in_loop(self._hub.wake, sellers)

    def _end_dead_streams(self) -> None:
        """End the streams whose session is over. The query also shows whether the server is still there."""
        asked = self._hub.sessions()
        over = asked - live_sessions(asked)  # a stream that was opened meanwhile is not among them
        self._in_loop(self._hub.end, lambda subscription: subscription.session_id in over)

    def _in_loop(self, function: Any, *arguments: Any) -> None:
        self._loop.call_soon_threadsafe(function, *arguments)

    def _is_told_to_stop(self, seconds: float) -> bool:
        return bool(select.select([self._stopped], [], [], seconds)[0])
