from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TransactionsConfig(AppConfig):
    name = "apps.transactions"
    label = "transactions"
    verbose_name = _("Money")

    def ready(self) -> None:
        from apps.core.observability.metrics import register_gauges
        from apps.transactions.metrics import reconciliation_gauges, wallet_gauges

        register_gauges(wallet_gauges)
        register_gauges(reconciliation_gauges)
