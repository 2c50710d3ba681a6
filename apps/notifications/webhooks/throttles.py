"""Limits of what makes requests to receivers at once."""

from django.conf import settings
from rest_framework.request import Request

from apps.core.limits.rate_limits import Limit
from apps.core.limits.throttles import CountingThrottle


class WebhookSendThrottle(CountingThrottle):
    """A limit on the tests and resends of one seller, counted together."""

    policy = "webhook-sends"

    def limit(self, request: Request) -> Limit:
        return Limit(settings.WEBHOOK_SENDS_PER_HOUR, 3600)

    def client(self, request: Request) -> str:
        return str(request.user.seller_id)  # type: ignore[union-attr]  # the view lets only owners of a seller in
