"""gunicorn's threaded worker: shares connections with its siblings, keeps a busy one in its thread, resets none."""

import select
import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

# How long a worker leaves a new connection to its siblings: enough for one that waits for work to wake up.
SIBLINGS_SECONDS = 0.001
# How long a thread waits for the next request of its connection before it hands the connection back.
NEXT_REQUEST_MILLISECONDS = 10


class GunicornWorker(ThreadWorker):  # type: ignore[misc]  # it has no types
    """ThreadWorker takes every connection that it can, hands it over for each request, and resets some when it stops.

    The siblings share one listener. The one that wakes first would take nearly all connections of a burst, and clients
    that keep theirs would keep the others idle.
    """

    def accept(self, listener: Any) -> None:
        """Take a connection; with one for each thread already, after siblings that have fewer."""
        if self.nr_conns >= self.cfg.threads:
            time.sleep(SIBLINGS_SECONDS)
        super().accept(listener)

    def handle(self, conn: Any) -> Any:
        """Answer a request, and those that follow at once on its connection while every connection has a thread.

        Handing the connection to the main thread and back costs about 80 µs of processor time.
        """
        outcome = super().handle(conn)
        while outcome is True and self._continues(conn):
            outcome = super().handle(conn)
        return outcome

    def _continues(self, conn: Any) -> bool:
        if not self.alive or self.nr_conns > self.cfg.threads or conn.is_http2 or conn.parser.unreader.buf.getvalue():
            return False
        poll = select.poll()
        poll.register(conn.sock, select.POLLIN)
        return bool(poll.poll(NEXT_REQUEST_MILLISECONDS))

    def set_accept_enabled(self, enabled: bool) -> None:
        """Take what waits when a stop has begun, and close the listener at once; the signal may come at any point.

        ThreadWorker closes it when its last request is answered. What connects in between is taken by the kernel, sent
        by the proxy, and reset in the end: a POST that the proxy may not send again. A refused connection it may.
        """
        super().set_accept_enabled(enabled and self.alive)
        if not self.alive:
            while self.sockets:
                listener = self.sockets.pop()
                taken = -1
                while taken != self.nr_conns:
                    taken = self.nr_conns
                    super().accept(listener)
                listener.close()
