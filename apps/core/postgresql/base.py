"""Django's PostgreSQL backend with a health check that costs no round trip, and honest about a lost commit."""

import select

from django.db import DatabaseError
from django.db.backends.postgresql import base

from apps.core.database_errors import CommitOutcomeUnknown


class DatabaseWrapper(base.DatabaseWrapper):
    """Add to Django's: what is known about a connection that breaks.

    Ask the socket, not the server, whether a kept connection still lives.

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

    def _commit(self) -> None:
        """Commit. Raise `CommitOutcomeUnknown` if the connection broke before the server's answer came.

        An error that leaves the connection open is the server's word that it rolled back.
        """
        try:
            super()._commit()  # type: ignore[misc]  # Django has it; the stubs do not
        except DatabaseError as error:
            if self.connection is None or self.connection.closed:
                raise CommitOutcomeUnknown(*error.args) from error
            raise
