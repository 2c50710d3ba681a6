"""gunicorn's threaded worker, with a stop that resets no connection."""

from gunicorn.workers.gthread import ThreadWorker


class DrainingWorker(ThreadWorker):  # type: ignore[misc]  # it has no types
    """Take the connections that wait when a stop begins, then close the listener at once.

    ThreadWorker closes it when its last request is answered. What connects in between is taken by the kernel, sent by
    the proxy, and reset in the end: a POST that the proxy may not send again. A refused connection it may.
    """

    def set_accept_enabled(self, enabled: bool) -> None:
        """Drain and close when a stop has begun, once: the signal may come at any point of the worker's loop."""
        super().set_accept_enabled(enabled and self.alive)
        if not self.alive:
            while self.sockets:
                listener = self.sockets.pop()
                taken = -1
                while taken != self.nr_conns:
                    taken = self.nr_conns
                    self.accept(listener)
                listener.close()
