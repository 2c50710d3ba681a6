"""What a scrape asks of the ledger: cheap at any size of it, as it looks at the newest entry of each wallet only."""

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
    """Yield the sum of all balances, and how far they are from the ledger's newest entries."""
    with connection.cursor() as cursor:
        cursor.execute(_WALLETS)
        balances, drift = cursor.fetchone()
    yield gauge("sharj_balance_sum", "Sum of all balances.", float(balances))
    yield gauge("sharj_balance_drift", "Sum of |balance - newest entry's balance_after|; must be 0.", float(drift))


def reconciliation_gauges() -> Iterator[Metric]:
    """Yield how long ago all sellers were last reconciled and what was found; nothing if they never were."""
    run = ReconciliationRun.objects.order_by("-pk").first()
    if run is None:
        return
    age = (timezone.now() - run.at).total_seconds()
    # A broken chain or trial balance is a discrepancy of no seller in particular.
    found = max(run.discrepancies, 0 if run.is_reconciled else 1)
    yield gauge("sharj_reconciliation_age_seconds", "Time since all sellers were reconciled.", age)
    yield gauge("sharj_reconciliation_discrepancies", "Sellers that disagreed then.", found)
