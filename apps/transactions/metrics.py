"""Gauges of the ledger: cheap at any size of it, as they look at the newest entry of each wallet only."""

from collections.abc import Iterator

from django.db import connection
from django.utils import timezone
from prometheus_client.core import Metric

from apps.core.observability.metrics import gauge
from apps.transactions.models import ReconciliationRun

_WALLETS = """
SELECT coalesce(sum(w.balance), 0), coalesce(sum(abs(w.balance - coalesce(e.balance_after, 0))), 0)
FROM transactions_wallet w
LEFT JOIN LATERAL (
    SELECT balance_after FROM transactions_ledgerentry WHERE seller_id = w.seller_id ORDER BY sequence DESC LIMIT 1
) e ON true"""


def wallet_gauges() -> Iterator[Metric]:
    """Yield the sum of all balances, and its distance from the ledger's newest entries."""
    with connection.cursor() as cursor:
        cursor.execute(_WALLETS)
        balances, drift = cursor.fetchone()
    yield gauge("sharj_balance_sum", "Sum of all balances.", float(balances))
    yield gauge("sharj_balance_drift", "Sum of |balance - newest entry's balance_after|; must be 0.", float(drift))


def reconciliation_gauges() -> Iterator[Metric]:
    """Yield the age and the findings of the last reconciliation of all sellers; nothing if there was none."""
    run = ReconciliationRun.objects.first()
    if run is None:
        return
    age = (timezone.now() - run.at).total_seconds()
    # A run that left something open does not clear what the last full one found.
    is_open = run.is_reconciled is None
    conclusive = ReconciliationRun.objects.filter(is_reconciled__isnull=False).first() if is_open else run
    found = max(run.discrepancies, _discrepancies(conclusive))
    yield gauge("sharj_reconciliation_age_seconds", "Time since all sellers were reconciled.", age)
    yield gauge("sharj_reconciliation_discrepancies", "Sellers that disagreed then.", found)


def _discrepancies(run: ReconciliationRun | None) -> int:
    """Return the findings of a run; a broken chain or trial balance is one, of no seller in particular."""
    return 0 if run is None or run.is_reconciled else max(run.discrepancies, 1)
