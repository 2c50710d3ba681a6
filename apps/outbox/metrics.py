"""Gauges of the outbox: whether the partitions of coming days are made in time."""

from collections.abc import Iterator

from django.db import connection
from prometheus_client.core import Metric

from apps.core.observability.metrics import gauge

_DAYS_AHEAD = """
SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'public.outbox_event'::regclass AND c.relname <> 'outbox_event_default'
  AND c.relname > 'outbox_event_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD')"""


def partition_gauges() -> Iterator[Metric]:
    """Yield how many coming days have a partition, and how many events are in none of a day."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS_AHEAD)
        days = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM outbox_event_default")
        strays = cursor.fetchone()[0]
    yield gauge("sharj_events_days_ahead", "Coming days for which the outbox has a partition.", days)
    yield gauge("sharj_events_in_default_partition", "Events whose day had no partition; must be 0.", strays)
