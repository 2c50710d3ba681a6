"""A time limit for statements whose server is silent.

`statement_timeout` is enforced by the server: one that is frozen, or whose machine has vanished, ends no statement.
So a thread checks twice a second for statements that have waited longer than the server's own timeout, and shuts the
socket of their connection. The waiting thread wakes with the error of a lost connection, which is a 503. A statement
pays for this with two assignments.
"""

import logging
import os
import socket
import threading
import time
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from apps.core.database.backend.base import DatabaseWrapper

logger = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.5


class Watchdog:
    """The watching thread of one process, started with its first connection."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: WeakSet[DatabaseWrapper] = WeakSet()
        self._process = 0

    def watch(self, connection: "DatabaseWrapper") -> None:
        """Watch a connection from now on."""
        with self._lock:
            self._watched.add(connection)
            if self._process != os.getpid():  # a fork has no thread but the one that forked
                self._process = os.getpid()
                threading.Thread(target=self._run, name="database-watchdog", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(LOOK_EVERY_SECONDS)
            with self._lock:
                watched = list(self._watched)
            for connection in watched:
                self.look(connection)

    def look(self, connection: "DatabaseWrapper") -> None:
        """Cut a connection that has waited for longer than its `patience_seconds`."""
        since, patience = connection.waiting_since, connection.patience_seconds
        if since is None or patience is None or time.monotonic() - since < patience:
            return
        connection.waiting_since = None  # once is enough
        try:
            with socket.socket(fileno=os.dup(connection.connection.fileno())) as twin:
                twin.shutdown(socket.SHUT_RDWR)
        except (AttributeError, OSError, connection.Database.Error):
            return  # the connection has just been closed
        logger.error("the database has not answered for %.1f s: its connection is given up", patience)


watchdog = Watchdog()
