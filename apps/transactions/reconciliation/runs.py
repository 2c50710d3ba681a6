"""Reconciliations of all sellers, kept with their verdicts."""

from time import monotonic
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_noop

from apps.accounts import audit
from apps.accounts.models import AuditAction
from apps.transactions.models import ReconciliationRun
from apps.transactions.reconciliation import reconcile as reconciliation


def run_reconciliation(*, run_by_id: UUID | None = None) -> ReconciliationRun:
    """Reconcile all sellers, keep the verdict and return it."""
    began = monotonic()
    result = reconciliation.reconcile_all()
    with transaction.atomic(durable=True):
        run = ReconciliationRun.objects.create(
            run_by_id=run_by_id,
            seconds=round(monotonic() - began, 3),
            sellers_checked=result.sellers_checked,
            discrepancies=len(result.discrepancies),
            trial_balance_total=result.trial_balance_total,
            chain_verified=result.chain_verified,
            is_reconciled=result.is_reconciled,
        )
        detail = verdict(is_reconciled=result.is_reconciled)
        audit.record(AuditAction.RECONCILE_ALL, run, actor_id=run_by_id, detail=detail)
    return run


def verdict(*, is_reconciled: bool) -> str:
    """Return what the audit trail keeps of a reconciliation; its reader sees it translated."""
    return gettext_noop("agrees") if is_reconciled else gettext_noop("does not agree")
