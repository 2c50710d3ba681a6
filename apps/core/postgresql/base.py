"""Django's PostgreSQL backend with a health check that costs no round trip."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Ask the socket, not the server, whether a kept connection still lives.

    Django's own check (`CONN_HEALTH_CHECKS`) sends `SELECT 1` before the first query of every request. A server that
    closed the connection has left an end-of-file to read on the socket, and an idle connection has nothing to read, so
    `poll` with no wait tells them apart. Only a connection with something to read is asked with a query.
    """

    def is_usable(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        if not poll.poll(0):
            return True
        usable: bool = super().is_usable()
        return usable
