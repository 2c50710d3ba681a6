from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.transactions.forgeries import FORGERIES


class TransactionsConfig(AppConfig):
    name = "apps.transactions"
    label = "transactions"
    verbose_name = _("Money")
    citus_forgeries = FORGERIES
    citus_functions: ClassVar[dict[str, str]] = {
        "ledger_canonical_form": "node",
        "ledger_hash": "node",
        "ledger_loads_history": "node",
        "key_is_unspent": "nested",
        "read_wallet": "seller",
        "write_entries": "seller",
    }

    def ready(self) -> None:
        from apps.accounts.sellers.services import follow_changes
        from apps.core.observability.metrics import register_gauges
        from apps.outbox.models import EventType
        from apps.outbox.services import register_renderer
        from apps.transactions.entries.serializers import render_entry
        from apps.transactions.ledger.alerts import judge_new_alert
        from apps.transactions.metrics import reconciliation_gauges, wallet_gauges
        from apps.transactions.statements.serializers import render_wallet

        follow_changes(judge_new_alert)
        register_renderer(EventType.TRANSACTION_REVERSED, render_entry)
        for passing in (EventType.BALANCE_LOW, EventType.BALANCE_RECOVERED):
            register_renderer(passing, render_wallet)
        register_gauges(wallet_gauges)
        register_gauges(reconciliation_gauges)
