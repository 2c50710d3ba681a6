"""The base of the limits of views: it counts, adds the RateLimit headers, and refuses."""

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.core.limits.rate_limits import Count, Limit, count, describe, retry_after_seconds

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which imports the throttles of the settings


class CountingThrottle(BaseThrottle):
    """A limit on the calls of one client; subclasses define limit and client. `policy` is the name that clients see."""

    policy: str

    def limit(self, request: Request) -> Limit:
        """Return the limit of this client; 0 times is unlimited."""
        raise NotImplementedError

    def client(self, request: Request) -> str:
        """Return the name under which the caller is counted."""
        raise NotImplementedError

    def allow_request(self, request: Request, view: "APIView") -> bool:
        limit = self.limit(request)
        if not limit.times:
            return True
        client = self.client(request)
        self.counted = count(f"{self.policy}:{client}", limit)
        view.headers.update(describe(self.policy, limit, self.counted))  # on every answer of the view
        if not self.counted.exceeds(limit):
            return True
        self.refused(client, limit, self.counted)
        return False

    def wait(self) -> float:
        return retry_after_seconds(self.counted)

    def refused(self, client: str, limit: Limit, counted: Count) -> None:
        """Record a refusal."""
