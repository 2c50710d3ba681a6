"""Runs: reconciliations of all sellers, recorded with their verdicts."""

from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from apps.accounts import audit
from apps.accounts.models import AuditAction
from apps.transactions.models import ReconciliationRun
from apps.transactions.reconciliation.reconcile import Reconciliation, reconcile_all

MAX_AGE = timedelta(hours=36)  # deploy/prometheus/alerts.yml has the same


def run_reconciliation(*, run_by_id: UUID | None = None) -> Reconciliation:
    """Reconcile all sellers, record the verdict and return it."""
    began = monotonic()
    result = reconcile_all()
    record_run(result, seconds=monotonic() - began, run_by_id=run_by_id)
    return result


def record_run(result: Reconciliation, *, seconds: float, run_by_id: UUID | None = None) -> ReconciliationRun:
    """Add a run and its line in the audit trail: the only writer of runs. `run_by_id` is None for a command."""
    with transaction.atomic(durable=True):
        run = ReconciliationRun.objects.create(
            run_by_id=run_by_id,
            seconds=round(seconds, 3),
            sellers_checked=result.sellers_checked,
            discrepancies=len(result.discrepancies),
            trial_balance_total=result.trial_balance_total,
            chain_verified=result.chain_verified,
            is_reconciled=result.is_reconciled,
        )
        detail = verdict(is_reconciled=result.is_reconciled)
        audit.record(AuditAction.RECONCILE_ALL, run, actor_id=run_by_id, detail=detail)
    return run


@dataclass(frozen=True, slots=True)
class BooksState:
    """What the recorded runs say of the books.

    `last` is the newest run that checked everything, `right_since` the first good one after the newest bad one: None
    if the books were never checked, or are wrong.
    """

    last: ReconciliationRun | None
    right_since: ReconciliationRun | None

    @property
    def is_late(self) -> bool:
        """Tell whether a check of everything is overdue, as the alert ReconciliationOverdue does."""
        return self.last is None or timezone.now() - self.last.at > MAX_AGE


def books_state() -> BooksState:
    """Return since when the books are right, and when that was last checked."""
    conclusive = ReconciliationRun.objects.filter(is_reconciled__isnull=False).select_related("run_by")
    good, last_bad = conclusive.filter(is_reconciled=True), conclusive.filter(is_reconciled=False).first()
    if last_bad is not None:
        good = good.filter(pk__gt=last_bad.pk)
    return BooksState(conclusive.first(), good.order_by("pk").first())


def verdict(*, is_reconciled: bool | None) -> str:
    """Return the audit trail's text of a verdict; the back office translates it for its reader."""
    if is_reconciled is None:
        return gettext_noop("agrees as far as checked")
    return gettext_noop("agrees") if is_reconciled else gettext_noop("does not agree")
