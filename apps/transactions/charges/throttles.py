"""The limit of charges of one seller, off unless RATE_LIMIT_CHARGES_PER_MINUTE is set."""

import time
from uuid import UUID

from django.conf import settings
from rest_framework.request import Request

from apps.accounts.sellers.selectors import charge_limits
from apps.accounts.sessions.authentication import claims_of
from apps.core.limits.rate_limits import Limit
from apps.core.limits.throttles import CountingThrottle

OWN_LIMITS_LIFETIME_SECONDS = 10.0


class _OwnLimits:
    """The sellers with a limit of their own: few, and read every ten seconds, not for each charge."""

    def __init__(self) -> None:
        self._until = 0.0
        self._limits: dict[UUID, int] = {}

    def get(self, seller_id: UUID | None, otherwise: int) -> int:
        if time.monotonic() >= self._until:
            self._limits = charge_limits()
            self._until = time.monotonic() + OWN_LIMITS_LIFETIME_SECONDS
        return self._limits.get(seller_id, otherwise) if seller_id else otherwise

    def forget(self) -> None:
        self._until = 0.0


own_limits = _OwnLimits()


class ChargeThrottle(CountingThrottle):
    """The number of charge requests of one seller in a minute, over all processes; a batch is one request."""

    policy = "charges"

    def limit(self, request: Request) -> Limit:
        usual: int = settings.RATE_LIMIT_CHARGES_PER_MINUTE
        return Limit(own_limits.get(claims_of(request).seller_id, usual) if usual else 0, 60)

    def client(self, request: Request) -> str:
        return str(claims_of(request).seller_id)
