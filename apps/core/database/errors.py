"""Database errors as clients meet them: a 503, with nothing done or with an unknown outcome."""

from django.db import DatabaseError, InterfaceError, InternalError, OperationalError, connection

from apps.core.observability import request_id


class OutcomeUnknown(OperationalError):
    """The connection broke during a change, which may or may not have been committed."""


def is_temporary(error: BaseException | None) -> bool:
    """Tell whether the fault is the database's state and not the statement's: away, full, busy or read-only.

    psycopg2 reports a connection that is cut within an answer as a bare `DatabaseError`; every fault of a statement has
    a class of its own.
    """
    return isinstance(error, (OperationalError, InterfaceError, InternalError)) or type(error) is DatabaseError


def code_of(error: BaseException) -> str:
    """Return the problem code of a temporary fault: whether the request changed nothing, or may have changed something.

    A commit stands even if a later step of the same request failed.
    """
    committed_in = getattr(connection, "committed_in", None)
    is_unknown = isinstance(error, OutcomeUnknown) or (committed_in == request_id.current() != "-")
    return "outcome_unknown" if is_unknown else "temporarily_unavailable"
