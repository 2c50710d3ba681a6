from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "apps.notifications"
    label = "notifications"
    verbose_name = _("Notifications")

    def ready(self) -> None:
        from apps.notifications.webhooks.deliveries import JOB, fan_out, remove_deliveries_before
        from apps.notifications.webhooks.sending import attempt_delivery
        from apps.notifications.webhooks.serializers import WebhookEndpointSerializer
        from apps.outbox.jobs import register_job
        from apps.outbox.models import EventType
        from apps.outbox.services import register_consumer, register_remover, register_renderer

        register_consumer(fan_out)
        register_job(JOB, attempt_delivery)
        register_remover(remove_deliveries_before)
        register_renderer(
            EventType.WEBHOOK_ENDPOINT_DISABLED, lambda endpoint: WebhookEndpointSerializer(endpoint).data
        )
