from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.credit_requests.forgeries import FORGERIES


class CreditRequestsConfig(AppConfig):
    name = "apps.credit_requests"
    label = "credit_requests"
    verbose_name = _("Credit")
    citus_forgeries = FORGERIES

    def ready(self) -> None:
        from apps.core.observability.metrics import register_gauges
        from apps.credit_requests.metrics import request_gauges
        from apps.credit_requests.serializers import render_request
        from apps.outbox.models import EventType
        from apps.outbox.services import register_renderer

        register_gauges(request_gauges)
        for decision in (EventType.CREDIT_REQUEST_APPROVED, EventType.CREDIT_REQUEST_REJECTED):
            register_renderer(decision, render_request)
