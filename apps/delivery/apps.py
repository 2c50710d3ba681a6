from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeliveryConfig(AppConfig):
    name = "apps.delivery"
    label = "delivery"
    verbose_name = _("Delivery")

    def ready(self) -> None:
        from apps.core.observability.metrics import register_gauges
        from apps.delivery.metrics import delivery_gauges
        from apps.delivery.routing import routes
        from apps.transactions.charges.routing import register_router

        register_router(routes)
        register_gauges(delivery_gauges)
