"""Other time limits than those of requests, each for one transaction only: longer for reports, shorter for extras."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, connections, transaction

REPORT_TIMEOUT_SECONDS = 600


@contextmanager
def long_read() -> Iterator[None]:
    """Run the block in a transaction with `REPORT_TIMEOUT_SECONDS` for each statement and each pause between them."""
    limit = f"'{REPORT_TIMEOUT_SECONDS}s'"
    with transaction.atomic(), connection.patience(2 * REPORT_TIMEOUT_SECONDS):  # type: ignore[attr-defined]  # ours
        with connection.cursor() as cursor:
            cursor.execute(
                f"SET LOCAL statement_timeout = {limit}; SET LOCAL idle_in_transaction_session_timeout = {limit}"
            )
        yield


@contextmanager
def snapshot_read() -> Iterator[None]:
    """Run the block as `long_read` does; all its statements see the database as it is when the first one begins.

    On Citus each node's rows are as they are when the first statement begins there, on the one connection to it.
    """
    with long_read():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SET LOCAL citus.max_adaptive_executor_pool_size = 1")  # without Citus it means nothing
        yield


@contextmanager
def brief_read(milliseconds: int, *, using: str) -> Iterator[None]:
    """Run the block in a transaction whose statements are cancelled after so long; within another, its limits hold."""
    if connections[using].in_atomic_block:
        yield
        return
    with transaction.atomic(using=using):
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(milliseconds)])
        yield
