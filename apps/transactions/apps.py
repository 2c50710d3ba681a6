from django.apps import AppConfig


class TransactionsConfig(AppConfig):
    name = "apps.transactions"
    label = "transactions"

    def ready(self) -> None:
        from apps.core.metrics import register_gauges
        from apps.transactions.metrics import reconciliation_gauges, wallet_gauges

        register_gauges(wallet_gauges)
        register_gauges(reconciliation_gauges)
