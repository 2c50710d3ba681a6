"""A limit on the client's side for a server that is frozen: it runs none of its own timeouts."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer

from django.db import connections


@contextmanager
def cut_off_after(seconds: float, alias: str) -> Iterator[None]:
    """Cut the connection `alias` if the block lasts longer: what waits for an answer on it gets an `OperationalError`.

    libpq waits without end once a query is sent. It notices a socket that somebody shuts down.
    """
    connections[alias].ensure_connection()  # connecting has a limit of its own
    descriptor = os.dup(connections[alias].connection.fileno())
    timer = Timer(seconds, _shut_down, [descriptor])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        os.close(descriptor)


def _shut_down(descriptor: int) -> None:
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as link:
        link.shutdown(socket.SHUT_RDWR)
