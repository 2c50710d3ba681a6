"""Longer time limits for reports, each for one transaction only."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

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
    """Run the block as `long_read` does; all its statements see the database as it is when the first one begins."""
    with long_read():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield
