"""How many charges are refused, by reason and day. Counted after the refused transaction, in one of its own."""

import logging
import secrets
from collections import Counter
from collections.abc import Iterable

from django.db import DatabaseError, connection
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.values.business_day import business_day

logger = logging.getLogger(__name__)

COUNTED = frozenset({"insufficient_balance", "daily_limit_exceeded", "seller_not_active", "idempotency_key_reused"})
SLOTS = 8  # of each counter, so that refusals at the same moment seldom wait for each other

_ADD = """
INSERT INTO transactions_refusalcount (day, code, slot, number) VALUES (%s, %s, %s, %s)
ON CONFLICT (day, code, slot) DO UPDATE SET number = transactions_refusalcount.number + excluded.number"""


def count_refusals(refusals: Iterable[DomainError]) -> None:
    """Add what was refused to today's counters. A counter that fails never fails a request."""
    numbers = Counter(refusal.code for refusal in refusals if refusal.code in COUNTED)
    if not numbers:
        return
    day, slot = business_day(timezone.now()), secrets.randbelow(SLOTS)
    try:
        with connection.cursor() as cursor:
            for code, number in sorted(numbers.items()):
                cursor.execute(_ADD, [day, code, slot, number])
    except DatabaseError:
        logger.warning("refusals were not counted", exc_info=True)
