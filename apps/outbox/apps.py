from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutboxConfig(AppConfig):
    name = "apps.outbox"
    label = "outbox"
    verbose_name = _("Events")

    def ready(self) -> None:
        from apps.core.observability.metrics import register_gauges
        from apps.outbox.jobs import register_housekeeping
        from apps.outbox.metrics import partition_gauges, queue_gauges

        register_gauges(partition_gauges)
        register_gauges(queue_gauges)
        register_housekeeping()
