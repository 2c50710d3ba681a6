"""What a database error means to a client: try again (503), with nothing done or with an outcome that nobody knows."""

from django.db import DatabaseError, InterfaceError, InternalError, OperationalError
from django.utils.translation import gettext_noop


class CommitOutcomeUnknown(OperationalError):
    """The connection broke while a transaction was being committed: it may or may not have happened."""


def is_temporary(error: BaseException | None) -> bool:
    """Tell whether the fault is the database's state and not the statement's: away, full, busy or read-only.

    psycopg2 reports a connection that is cut within an answer as a bare `DatabaseError`; every fault of a statement has
    a class of its own.
    """
    return isinstance(error, (OperationalError, InterfaceError, InternalError)) or type(error) is DatabaseError


def advice(error: BaseException) -> str:
    """Return what a client that got `error` should know and do."""
    if isinstance(error, CommitOutcomeUnknown):
        return gettext_noop(
            "The database was lost during the commit, so whether this happened is not known. "
            "Send the request again with the same Idempotency-Key."
        )
    return gettext_noop("Nothing happened. Send the request again.")
