"""Health endpoints for load balancers and orchestrators."""

from django.db import Error, connection
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.database import replica
from apps.core.limits.redis_link import redis_link


class LiveView(APIView):
    """Liveness. It never touches the database, so that a slow database does not restart every worker."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Request) -> Response:
        """Return `ok` as long as the process can answer."""
        return Response({"status": "ok"})


class ReadyView(LiveView):
    """Readiness: the database answers."""

    def get(self, request: Request) -> Response:
        """Return 200 when the database answers, else 503."""
        database = _check_database()
        checks = {"database": database}
        if (link := redis_link()) is not None:
            checks["redis"] = "ok" if link.is_alive() else "unavailable"
        if database != "ok":
            return Response({"status": "unavailable", "checks": checks}, status=status.HTTP_503_SERVICE_UNAVAILABLE)
        if (standby := replica.state()) is not None:
            checks["replica"] = standby
        # Money moves without Redis and without a standby.
        return Response({"status": "ok" if set(checks.values()) == {"ok"} else "degraded", "checks": checks})


class HealthView(ReadyView):
    """The short address of readiness."""

    def get(self, request: Request) -> Response:
        """Answer as `health/ready/` does."""
        return super().get(request)


def _check_database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return "unavailable"
    return "ok"
