"""Health: what a load balancer and an orchestrator ask."""

from collections.abc import Callable

from django.db import Error, connection
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.apidocs.swagger import View, documented
from apps.core.database import replica
from apps.core.limits.redis_link import redis_link


class HealthSerializer(serializers.Serializer[dict[str, object]]):
    """The state of the service."""

    status = serializers.ChoiceField(choices=["ok", "degraded", "unavailable"])
    checks = serializers.DictField(child=serializers.CharField(), required=False)

    class Meta:
        swagger_schema_fields = {"example": {"status": "ok"}}


class LiveView(APIView):
    """The process answers. Never touches the database, so that a slow one does not restart every worker."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @documented(
        summary="Check that the process is alive",
        answers={200: HealthSerializer},
        tags=["health"],
        public=True,
        asks_database=False,
    )
    def get(self, request: Request) -> Response:
        """Return `ok` as long as the process can answer."""
        return Response({"status": "ok"})


def _ready(summary: str) -> Callable[[View], View]:
    return documented(
        summary=summary,
        answers={200: HealthSerializer, 503: HealthSerializer},
        examples={
            200: {"checks": {"database": "ok"}},
            503: {"status": "unavailable", "checks": {"database": "unavailable"}},
        },
        tags=["health"],
        public=True,
    )


class ReadyView(LiveView):
    """The process can do its work."""

    @_ready("Check that the service is ready")
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
        # Money moves without Redis, and without a standby to read reports from.
        return Response({"status": "ok" if set(checks.values()) == {"ok"} else "degraded", "checks": checks})


class HealthView(ReadyView):
    """The short address of readiness."""

    @_ready("Check health")
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
