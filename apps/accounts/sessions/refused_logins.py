"""Refused logins at the doors of staff, counted by window: the audit trail, which only grows, gets two lines of each.

The first refusal of a window is a line at once; the sum is a line once the window is over. A stranger's guesses at
names that are not of staff are counted together.
"""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from apps.accounts import audit
from apps.accounts.models import AuditAction, RefusedLogins, User


def count_one(user: User | None) -> None:
    """Count a refused login under the name of `user` (None: of no user)."""
    known = user if user is not None and user.is_staff else None
    ends_at = _window_end()
    if _add_to_free_count(known, ends_at):
        return
    with transaction.atomic():
        windows = RefusedLogins.objects.filter(user=known, ends_at=ends_at)
        is_first = _try_lock(f"{known and known.pk} {ends_at}") and not windows.exists()
        RefusedLogins.objects.create(user=known, ends_at=ends_at)
        if is_first:
            audit.record(AuditAction.LOG_IN_REFUSED, known, actor_id=None)
    if is_first:
        report_past_windows()


def _window_seconds() -> int:
    return max(1, settings.LOGIN_FAILURES_WINDOW_SECONDS)


def _window_end() -> datetime:
    seconds = _window_seconds()
    return datetime.fromtimestamp((timezone.now().timestamp() // seconds + 1) * seconds, tz=UTC)


def _add_to_free_count(user: User | None, ends_at: datetime) -> bool:
    """Add to a count that is not locked; tell whether there was one."""
    with transaction.atomic():
        counts = RefusedLogins.objects.select_for_update(skip_locked=True).filter(user=user, ends_at=ends_at)
        count = counts.values_list("pk", flat=True).first()
        return count is not None and bool(RefusedLogins.objects.filter(pk=count).update(times=F("times") + 1))


def _try_lock(name: str) -> bool:
    """Take the lock of this name until the transaction ends, unless another transaction has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"refused logins {name}"])
        return bool(cursor.fetchone()[0])


def report_past_windows() -> None:
    """Add the sum of each window that is over to the audit trail, and forget its counts.

    A window with a count that is locked, by another report for one, waits for the next report.
    """
    with transaction.atomic():
        past = RefusedLogins.objects.filter(ends_at__lte=timezone.now())
        for user_id, ends_at in past.values_list("user", "ends_at").distinct():
            _report(past.filter(user=user_id, ends_at=ends_at))


def _report(window: QuerySet[RefusedLogins]) -> None:
    counts = list(window.select_for_update(skip_locked=True))
    if not counts or len(counts) < window.count():
        return
    times, ends_at = sum(count.times for count in counts), counts[0].ends_at
    began_at = ends_at - timedelta(seconds=_window_seconds())
    detail = f"{times} times from {began_at:%Y-%m-%d %H:%M} to {ends_at:%H:%M} UTC"
    if times > 1:  # the trail has the first
        audit.record(AuditAction.LOG_IN_REFUSED, counts[0].user, actor_id=None, detail=detail, is_of_request=False)
    window.delete()
