"""The documentation of the health endpoints, whose views belong to a lower layer and cannot decorate themselves."""

from rest_framework import serializers

from apps.core.api.health import HealthView, LiveView, ReadyView
from apps.core.apidocs.swagger import documented


class HealthSerializer(serializers.Serializer[dict[str, object]]):
    """The state of the service."""

    status = serializers.ChoiceField(choices=["ok", "degraded", "unavailable"])
    checks = serializers.DictField(child=serializers.CharField(), required=False)

    class Meta:
        swagger_schema_fields = {"example": {"status": "ok"}}


_STATES: dict[int, dict[str, object]] = {
    200: {"checks": {"database": "ok"}},
    503: {"status": "unavailable", "checks": {"database": "unavailable"}},
}


def document_health() -> None:
    """Attach summaries, answers and examples to the health endpoints."""
    LiveView.get = documented(  # type: ignore[method-assign]  # a decorator, put on later
        summary="Check that the process is alive",
        answers={200: HealthSerializer},
        tags=["health"],
        public=True,
        asks_database=False,
    )(LiveView.get)
    for view, summary in ((ReadyView, "Check that the service is ready"), (HealthView, "Check health")):
        view.get = documented(  # type: ignore[method-assign]
            summary=summary,
            answers={200: HealthSerializer, 503: HealthSerializer},
            examples=_STATES,
            tags=["health"],
            public=True,
        )(view.get)
