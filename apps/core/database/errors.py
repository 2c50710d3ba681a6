"""Database errors as clients meet them: a 503, with nothing done or with an unknown outcome."""

from django.db import DatabaseError, InterfaceError, InternalError, OperationalError, connection
from django.utils.translation import gettext_noop

from apps.core.observability import request_id


class OutcomeUnknown(OperationalError):
    """The connection broke during a change, which may or may not have been committed."""


def is_temporary(error: BaseException | None) -> bool:
    """Tell whether the fault is the database's state and not the statement's: away, full, busy or read-only.

    psycopg2 reports a connection that is cut within an answer as a bare `DatabaseError`; every fault of a statement has
    a class of its own.
    """
    return isinstance(error, (OperationalError, InterfaceError, InternalError)) or type(error) is DatabaseError


def advice(error: BaseException) -> str:
    """Return the advice for a client that got `error`."""
    # A commit stands even if a later step of the same request failed.
    committed_in = getattr(connection, "committed_in", None)
    if isinstance(error, OutcomeUnknown) or (committed_in == request_id.current() != "-"):
        return gettext_noop(
            "The database was lost on the way, so whether this happened is not known. Look, or send the request "
            "again with the same Idempotency-Key."
        )
    return gettext_noop("Nothing happened. Send the request again.")
