"""Gauges of the outbox: whether partitions are made in time, and whether queued jobs are done in time."""

from collections.abc import Iterator

from django.db import connection
from prometheus_client.core import Metric

from apps.core.observability.metrics import gauge
from apps.outbox.jobs import STALLED_SECONDS

_DAYS_AHEAD = """
SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'public.outbox_event'::regclass AND c.relname <> 'outbox_event_default'
  AND c.relname > 'outbox_event_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD')"""

# A job that waits for another one of its lock is not late: that one holds the lock, and may be slow.
_QUEUE = """
WITH due AS (
    SELECT coalesce(j.scheduled_at, (
        SELECT min(e.at) FROM procrastinate_events e WHERE e.job_id = j.id AND e.type = 'deferred'
    )) AS since
    FROM procrastinate_jobs j
    WHERE j.status = 'todo' AND coalesce(j.scheduled_at <= now(), true) AND NOT EXISTS (
        SELECT FROM procrastinate_jobs other WHERE other.lock = j.lock AND other.status = 'doing'
    )
)
SELECT (SELECT count(*) FROM due),
       (SELECT coalesce(extract(epoch FROM now() - min(since)), 0) FROM due),
       (SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'),
       (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - %s * interval '1 second')"""


def partition_gauges() -> Iterator[Metric]:
    """Yield how many coming days have a partition, and how many events are in none of a day."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS_AHEAD)
        days = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM outbox_event_default")
        strays = cursor.fetchone()[0]
    yield gauge("sharj_events_days_ahead", "Coming days for which the outbox has a partition.", days)
    yield gauge("sharj_events_in_default_partition", "Events whose day had no partition; must be 0.", strays)


def queue_gauges() -> Iterator[Metric]:
    """Yield how many jobs are due and since when the oldest is, how many were given up, and how many workers live."""
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE, [STALLED_SECONDS])
        due, oldest, failed, workers = cursor.fetchone()
    yield gauge("sharj_queue_due", "Queued jobs whose time has come.", due)
    yield gauge("sharj_queue_oldest_due_seconds", "How long ago the time of the oldest of them came.", float(oldest))
    yield gauge("sharj_queue_failed", "Queued jobs that were given up after many faults; must be 0.", failed)
    yield gauge("sharj_queue_workers", "Workers of the queue that live.", workers)
