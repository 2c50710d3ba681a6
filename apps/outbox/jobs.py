"""Jobs: work that is queued in the transaction of its cause, and done by the worker later, at least once (ADR 25).

A job names a subject, such as a delivery of a webhook, by its id; what is known of the subject stands in its own row.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone
from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job, Status

from apps.core.database.errors import is_temporary

logger = logging.getLogger(__name__)

Attempt = Callable[[UUID], datetime | None]

# After a fault of the program a job is tried again for about a week; then it stays as failed, and an alert tells of it.
FAULTS_END_AFTER = 40
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=6)
# After a fault of the database, such as a restart. Such faults are not the job's, so it is never given up for them.
_LONGEST_WHILE_AWAY = timedelta(seconds=20)
HEARTBEAT_SECONDS = 5.0
STALLED_SECONDS = 20.0  # without a heartbeat; then a worker counts as killed, and its jobs are queued again


class TryAgain(Exception):
    """The attempt asks for another one, `at` a moment."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.at = at


class AsTheAttemptSays(BaseRetryStrategy):
    """Try again when the attempt says so; after a fault, with growing pauses, short ones if the database was away.

    A job that waits for its next attempt leaves its lock: the queue does the jobs of one lock in the order of their
    priorities and then of their age, so one that waits for hours would hold back the others. It gets less priority with
    each attempt, so that new jobs go first.
    """

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, TryAgain):
            retry_at = exception.at
        elif is_temporary(exception):
            retry_at = timezone.now() + _pause_after(job.attempts, _LONGEST_WHILE_AWAY)
        elif job.attempts >= FAULTS_END_AFTER:
            return None
        else:
            retry_at = timezone.now() + _pause_after(job.attempts, _LONGEST_PAUSE)
        return RetryDecision(retry_at=retry_at, priority=-1 - job.attempts, lock=f"again/{job.id}")


def _pause_after(attempts: int, longest: timedelta) -> timedelta:
    return min(_FIRST_PAUSE * (1 << min(attempts, 16)), longest)


def register_job(name: str, attempt: Attempt) -> None:
    """Let the worker call `attempt(subject_id)` for each job of this name; apps call this when they load.

    It returns the moment of the next attempt, or None if nothing is left to do. It may be called again after it has
    done its work: a worker that is killed leaves no trace of how far it came.
    """

    def run(*, subject_id: str) -> None:
        try:
            next_at = attempt(UUID(subject_id))
        except Exception:
            logger.exception("a job failed", extra={"fields": {"job": name, "subject": subject_id}})
            raise
        if next_at is not None:
            raise TryAgain(next_at)

    app.task(name=name, retry=AsTheAttemptSays())(run)


def enqueue(name: str, subject_id: UUID, *, lock: object) -> None:
    """Queue a job in the caller's transaction. Jobs of one `lock` run one after the other, so none fills the worker.

    Raises:
        TaskNotFound: no job has this name.
    """
    app.configure_task(name, allow_unknown=False, lock=str(lock)).defer(subject_id=str(subject_id))


async def take_over_stalled_jobs(context: JobContext, timestamp: int) -> None:
    """Queue the jobs of killed workers again."""
    manager = context.app.job_manager
    await manager.prune_stalled_workers(STALLED_SECONDS)
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        if job.task_name == context.job.task_name:  # it runs again in any case, and only one may wait
            await manager.finish_job(job, Status.FAILED, delete_job=True)
        else:
            await manager.retry_job(job)


def register_housekeeping() -> None:
    """Let one of the workers look for stalled jobs every ten seconds."""
    name = "take_over_stalled_jobs"
    task = app.task(name=name, queueing_lock=name, pass_context=True)(take_over_stalled_jobs)
    app.periodic(cron="* * * * * */10")(task)
