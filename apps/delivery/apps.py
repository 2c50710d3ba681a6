from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeliveryConfig(AppConfig):
    name = "apps.delivery"
    label = "delivery"
    verbose_name = _("Delivery")

    def ready(self) -> None:
        from apps.core.observability.metrics import register_gauges
        from apps.delivery.metrics import book_gauges, delivery_gauges
        from apps.delivery.routing import routes
        from apps.outbox.models import EventType
        from apps.outbox.services import register_renderer
        from apps.transactions.charges.routing import register_router
        from apps.transactions.entries.serializers import render_entry

        register_router(routes)
        register_gauges(delivery_gauges)
        register_gauges(book_gauges)
        for end in (EventType.CHARGE_DELIVERED, EventType.CHARGE_FAILED):
            register_renderer(end, render_entry)
