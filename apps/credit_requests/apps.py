from django.apps import AppConfig


class CreditRequestsConfig(AppConfig):
    name = "apps.credit_requests"
    label = "credit_requests"

    def ready(self) -> None:
        from apps.core.metrics import register_gauges
        from apps.credit_requests.metrics import request_gauges

        register_gauges(request_gauges)
