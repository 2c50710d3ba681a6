"""Queued jobs in tests: which there are, and a worker that does those that are due."""

import asyncio
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import connection, connections
from django.db.models import Q
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.middleware import SyncCallNext
from procrastinate.worker import Worker

from apps.outbox.management.commands.worker import own_queue


def jobs() -> list[dict[str, Any]]:
    """Return all queued jobs, oldest first; those that succeeded are gone."""
    columns = ("task_name", "args", "status", "attempts", "priority", "lock", "scheduled_at")
    return list(ProcrastinateJob.objects.order_by("id").values(*columns))


def run_jobs() -> None:
    """Do the jobs that are due now with a worker of the library, on connections of its own, as often as they are."""
    now = timezone.now()
    due = ProcrastinateJob.objects.filter(Q(scheduled_at__isnull=True) | Q(scheduled_at__lte=now), status="todo")
    while due.exists():
        asyncio.run(_run_once())


async def _run_once() -> None:
    """Run until the queue gives out no job; one may still wait for the lock of another that ran."""
    queue = own_queue()
    async with queue.open_async():
        await queue.run_worker_async(
            wait=False, concurrency=4, listen_notify=False, delete_jobs="successful", install_signal_handlers=False,
            task_middleware=[_without_trace],
        )  # fmt: skip
    # What is due by the clock was queued by Django's connection in asgiref's own thread.
    await sync_to_async(connections.close_all)()


def _without_trace(call_next: SyncCallNext, context: JobContext, worker: Worker) -> Any:
    """Close the connection of the job's thread: the test database could not be dropped with it."""
    try:
        return call_next()
    finally:
        connections.close_all()


def forget_jobs() -> None:
    """Delete all jobs: a test's own are not deleted with its other rows."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_periodic_defers")
        cursor.execute("DELETE FROM procrastinate_jobs")
        cursor.execute("DELETE FROM procrastinate_workers")


def make_due(subject_id: UUID) -> None:
    """Let the time come for which the job of a subject waits."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo' AND args ->> 'subject_id' = %s",
            [str(subject_id)],
        )
