"""Database errors as clients meet them: a 503, with nothing done or with an unknown outcome."""

import re

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


def leaves_commit_open(error: DatabaseError) -> bool:
    """Tell whether an answer to COMMIT leaves open what became of it.

    PostgreSQL that answers has rolled back. Citus answers XX000 when it has not heard from the node that commits, and
    that may have done so.
    """
    return getattr(error.__cause__, "pgcode", None) == "XX000"


def constraint_of(error: DatabaseError) -> str:
    """Return the name of the constraint that refused a statement, as the models have it; "" if none did.

    A shard's constraint ends with the number of the shard, and an error of another node has the name in its text only.
    """
    diagnosis = getattr(error.__cause__, "diag", None)
    name = getattr(diagnosis, "constraint_name", None)
    if name is None and (quoted := re.search(r'constraint "(\w+)"', getattr(diagnosis, "message_primary", None) or "")):
        name = quoted[1]
    return re.sub(r"_\d{6,}$", "", name or "")


def code_of(error: BaseException) -> str:
    """Return the problem code of a temporary fault: whether the request changed nothing, or may have changed something.

    A commit stands even if a later step of the same request failed.
    """
    committed_in = getattr(connection, "committed_in", None)
    is_unknown = isinstance(error, OutcomeUnknown) or (committed_in == request_id.current() != "-")
    return "outcome_unknown" if is_unknown else "temporarily_unavailable"
