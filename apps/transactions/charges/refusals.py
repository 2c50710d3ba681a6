"""Counting of refused charges, by reason and day; after the refused transaction, in one of its own."""

import logging
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, connection
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.observability import metrics
from apps.core.values.business_day import business_day
from apps.transactions.charges.sales import Batch

logger = logging.getLogger(__name__)

COUNTED = frozenset({"insufficient_balance", "daily_limit_exceeded", "seller_not_active", "idempotency_key_reused"})
SLOTS = 8  # of each counter, so that refusals at the same moment seldom wait for each other
BATCH_ROUTE = "api/v1/charges/bulk/"  # the items of a batch are counted apart from the request, which is one

_ADD = """
INSERT INTO transactions_refusalcount (day, code, slot, number) VALUES (%s, %s, %s, %s)
ON CONFLICT (day, code, slot) DO UPDATE SET number = transactions_refusalcount.number + excluded.number"""

Arguments = ParamSpec("Arguments")
Outcome = TypeVar("Outcome")


def counting_refusals(sell: Callable[Arguments, Outcome]) -> Callable[Arguments, Outcome]:
    """Count the refusal that `sell` ends with, once its transaction is over."""

    @wraps(sell)
    def counted(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Outcome:
        try:
            return sell(*args, **kwargs)
        except DomainError as refusal:
            _count([refusal])
            raise

    return counted


def count_batch(batch: Batch) -> None:
    """Count the refused and the replayed items of a batch."""
    for code, number in _count(batch.refusals).items():
        metrics.REFUSALS.labels(BATCH_ROUTE, code).inc(number)
    replayed = len(batch.results) - len(batch.refusals) - len(batch.sold)
    metrics.REPLAYS.labels(BATCH_ROUTE).inc(replayed)


def _count(refusals: Iterable[DomainError]) -> Counter[str]:
    """Add refusals to today's counters and return how many of each code. A failing counter never fails a request."""
    numbers = Counter(refusal.code for refusal in refusals if refusal.code in COUNTED)
    if not numbers:
        return numbers
    day, slot = business_day(timezone.now()), secrets.randbelow(SLOTS)
    try:
        with connection.cursor() as cursor:
            for code, number in sorted(numbers.items()):
                cursor.execute(_ADD, [day, code, slot, number])
    except DatabaseError:
        logger.warning("refusals were not counted", exc_info=True)
    return numbers
