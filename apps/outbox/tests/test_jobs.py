"""Jobs: queued in the transaction of their cause, done at least once, tried again as they ask."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Barrier, BrokenBarrierError
from uuid import UUID, uuid4

import pytest
from django.db import InterfaceError, connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import TaskNotFound

from apps.core.database.logins import database_login
from apps.core.database.roles import open_database
from apps.outbox.jobs import FAULTS_END_AFTER, enqueue, register_job
from apps.outbox.metrics import queue_gauges
from apps.testing.jobs import forget_jobs, jobs, make_due, run_jobs

pytestmark = pytest.mark.django_db(transaction=True)

FIRST, SECOND = uuid4(), uuid4()


class Work:
    """A job `work`: it records its calls and answers what the test says."""

    def __init__(self) -> None:
        self.calls: list[UUID] = []
        self.answers: dict[UUID, datetime | Exception | None] = {}
        self.meeting: Barrier | None = None
        self.met = 0

    def __call__(self, subject_id: UUID) -> datetime | None:
        self.calls.append(subject_id)
        if self.meeting is not None:
            try:
                self.meeting.wait(2)
                self.met += 1
            except BrokenBarrierError:
                self.meeting.reset()
        answer = self.answers.get(subject_id)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def work() -> Iterator[Work]:
    """The job, registered while the test runs."""
    work = Work()
    register_job("work", work)
    yield work
    del app.tasks["work"]
    forget_jobs()


def test_a_job_exists_exactly_if_its_transaction_commits(work: Work) -> None:
    with transaction.atomic():
        enqueue("work", FIRST, lock="a")
        transaction.set_rollback(True)
    with transaction.atomic():
        enqueue("work", SECOND, lock="a")
        assert len(jobs()) == 1
        assert count_elsewhere() == 0  # not committed yet

    run_jobs()

    assert (work.calls, jobs()) == ([SECOND], [])


def count_elsewhere() -> int:
    """Count the jobs that another connection sees."""
    with open_database(database_login("app", connection.settings_dict["NAME"])) as other, other.cursor() as statement:
        statement.execute("SELECT count(*) FROM procrastinate_jobs")
        [count] = statement.fetchone() or ()
    return int(count)


def test_it_is_done_again_at_the_moment_that_it_asks_for(work: Work) -> None:
    at = timezone.now() + timedelta(hours=5)
    work.answers[FIRST] = at
    enqueue("work", FIRST, lock="a")

    run_jobs()
    run_jobs()

    [job] = jobs()
    assert (work.calls, job["status"], job["scheduled_at"], job["attempts"]) == ([FIRST], "todo", at, 1)

    work.answers[FIRST] = None
    make_due(FIRST)
    run_jobs()

    assert (work.calls, jobs()) == ([FIRST, FIRST], [])


def test_a_job_that_waits_holds_back_no_newer_one_of_its_lock(work: Work) -> None:
    work.answers = dict.fromkeys((FIRST, SECOND), timezone.now() + timedelta(hours=5))
    enqueue("work", FIRST, lock="a")
    run_jobs()
    make_due(FIRST)
    run_jobs()
    enqueue("work", SECOND, lock="a")
    run_jobs()
    make_due(SECOND)
    work.answers[SECOND] = None
    run_jobs()

    assert work.calls == [FIRST, FIRST, SECOND, SECOND]
    assert [job["args"] for job in jobs()] == [{"subject_id": str(FIRST)}]


def test_a_job_that_waits_holds_back_no_older_one_of_its_lock(work: Work) -> None:
    work.answers = dict.fromkeys((FIRST, SECOND), timezone.now() + timedelta(hours=5))
    enqueue("work", FIRST, lock="a")
    run_jobs()
    make_due(FIRST)
    run_jobs()
    enqueue("work", SECOND, lock="a")
    run_jobs()
    work.answers[FIRST] = None
    make_due(FIRST)
    run_jobs()

    assert work.calls == [FIRST, FIRST, SECOND, FIRST]
    assert [job["args"] for job in jobs()] == [{"subject_id": str(SECOND)}]


def test_a_fault_is_logged_and_tried_again_after_growing_pauses_and_at_last_stays(
    work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    work.answers[FIRST] = ZeroDivisionError()
    enqueue("work", FIRST, lock="a")
    pauses = []
    for _ in range(3):
        run_jobs()
        [job] = jobs()
        pauses.append(job["scheduled_at"] - timezone.now())
        make_due(FIRST)
    assert job["status"] == "todo"
    assert pauses == sorted(pauses)
    assert timedelta() < pauses[0] < timedelta(seconds=10)
    assert sum(record.name == "apps.outbox.jobs" for record in caplog.records) == 3

    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET attempts = %s", [FAULTS_END_AFTER])
    run_jobs()

    assert [job["status"] for job in jobs()] == ["failed"]


def test_a_job_is_not_put_off_for_long_or_given_up_because_the_database_was_away(work: Work) -> None:
    work.answers[FIRST] = InterfaceError("connection already closed")
    enqueue("work", FIRST, lock="a")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET attempts = %s", [FAULTS_END_AFTER])
    run_jobs()

    [job] = jobs()
    assert job["status"] == "todo"
    assert job["scheduled_at"] < timezone.now() + timedelta(minutes=1)


@pytest.mark.parametrize(("locks", "met"), [(("a", "b"), 2), (("a", "a"), 0)])
def test_jobs_of_one_lock_run_one_after_the_other_and_others_at_the_same_time(
    work: Work, locks: tuple[str, str], met: int
) -> None:
    work.meeting = Barrier(2)
    for subject, lock in zip((FIRST, SECOND), locks, strict=True):
        enqueue("work", subject, lock=lock)

    run_jobs()

    assert (sorted(work.calls), work.met) == (sorted([FIRST, SECOND]), met)


def test_a_job_that_a_job_queues_is_in_the_transaction_of_that_job(work: Work) -> None:
    def queue_and_fail(subject_id: UUID) -> None:
        with transaction.atomic():
            enqueue("work", SECOND, lock="b")
            transaction.set_rollback(subject_id == FIRST)

    register_job("queue", queue_and_fail)
    enqueue("queue", FIRST, lock="a")
    run_jobs()
    assert (work.calls, jobs()) == ([], [])

    enqueue("queue", SECOND, lock="a")
    run_jobs()
    del app.tasks["queue"]
    assert work.calls == [SECOND]


def test_the_metrics_tell_what_is_due_late_or_given_up(work: Work) -> None:
    assert gauges() == {"due": 0, "oldest_due_seconds": 0, "failed": 0, "workers": 0}
    work.answers[FIRST] = timezone.now() + timedelta(hours=5)
    enqueue("work", FIRST, lock="a")
    run_jobs()
    assert gauges()["due"] == 0  # it waits for its time
    for subject, lock in ((SECOND, "b"), (FIRST, "b")):
        enqueue("work", subject, lock=lock)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() - interval '9 minutes' WHERE attempts > 0")
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
    late = gauges()
    assert (late["due"], late["failed"], late["workers"]) == (3, 0, 1)
    assert 540 <= late["oldest_due_seconds"] < 600

    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed' WHERE attempts > 0")
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing' WHERE lock = 'b' AND args ->> 'subject_id' = %s",
            [str(SECOND)],
        )
    told = gauges()
    assert (told["due"], told["failed"], told["workers"]) == (0, 1, 0)  # the other one waits for the lock


def gauges() -> dict[str, float]:
    """Return the gauges of the queue by what follows `sharj_queue_`."""
    found = {metric.name: metric.samples[0].value for metric in queue_gauges()}
    return {name.removeprefix("sharj_queue_"): value for name, value in found.items()}


def test_an_unknown_kind_of_job_is_not_queued(work: Work) -> None:
    with pytest.raises(TaskNotFound):
        enqueue("unknown", FIRST, lock="a")

    assert jobs() == []
