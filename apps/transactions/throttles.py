"""The limit of charges of one seller, off unless RATE_LIMIT_CHARGES_PER_MINUTE is set."""

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from apps.accounts.authentication import claims_of
from apps.core.rate_limits import Limit, count, retry_after_seconds


class ChargeThrottle(BaseThrottle):
    """So many charge requests of one seller in a minute, over all processes."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        limit = Limit(settings.RATE_LIMIT_CHARGES_PER_MINUTE, 60)
        if not limit.times:
            return True
        self.counted = count(f"charges:{claims_of(request).seller_id}", limit)
        return not self.counted.exceeds(limit)

    def wait(self) -> float:
        return retry_after_seconds(self.counted)
