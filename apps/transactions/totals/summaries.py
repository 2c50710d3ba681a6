"""Totals of the ledger by hour and by day, so that the home page never adds up millions of entries.

They are brought up to date in batches of entries after a mark, by each look at the home page and by
`manage.py summarize_ledger`. Ids sort by time across sellers, but a transaction that began earlier may commit later:
entries younger than `LAG` wait, and no transaction of ours lives that long (database timeouts).
"""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.core.values.ids import uuid7_at

LAG = timedelta(seconds=20)
BATCH_ENTRIES = 50_000

_NEXT_MARK = """
SELECT id FROM (
    SELECT id FROM transactions_ledgerentry WHERE id > %s AND id < %s ORDER BY id LIMIT %s
) batch ORDER BY id DESC LIMIT 1"""

_ADD_HOURS = """
INSERT INTO transactions_hourlytotal (hour, type, entries, amount)
SELECT date_trunc('hour', created_at, %(zone)s), type, count(*), sum(amount)
FROM transactions_ledgerentry WHERE id > %(after)s AND id <= %(until)s GROUP BY 1, 2
ON CONFLICT (hour, type) DO UPDATE
SET entries = transactions_hourlytotal.entries + excluded.entries,
    amount = transactions_hourlytotal.amount + excluded.amount"""

_ADD_DAYS = """
INSERT INTO transactions_dailytotal (day, seller_id, type, entries, amount)
SELECT (created_at AT TIME ZONE %(zone)s)::date, seller_id, type, count(*), sum(amount)
FROM transactions_ledgerentry WHERE id > %(after)s AND id <= %(until)s GROUP BY 1, 2, 3
ON CONFLICT (day, type, seller_id) DO UPDATE
SET entries = transactions_dailytotal.entries + excluded.entries,
    amount = transactions_dailytotal.amount + excluded.amount"""


def add_next_batch() -> bool:
    """Add the next entries to the totals, unless another process does; return whether there may be more."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO transactions_summarymark (id, last_entry) VALUES (1, %s) ON CONFLICT DO NOTHING", [UUID(int=0)]
        )
        cursor.execute("SELECT last_entry FROM transactions_summarymark WHERE id = 1 FOR UPDATE SKIP LOCKED")
        mark = cursor.fetchone()
        if mark is None:
            return False
        horizon = uuid7_at(timezone.now() - LAG, random_bits=0)
        cursor.execute(_NEXT_MARK, [mark[0], horizon, BATCH_ENTRIES])
        until = cursor.fetchone()
        if until is None:
            return False
        batch = {"after": mark[0], "until": until[0], "zone": settings.BUSINESS_TIME_ZONE}
        cursor.execute(_ADD_HOURS, batch)
        cursor.execute(_ADD_DAYS, batch)
        cursor.execute("UPDATE transactions_summarymark SET last_entry = %s WHERE id = 1", [until[0]])
    return True
