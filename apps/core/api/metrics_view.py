"""GET /metrics, for scrapers only."""

import hmac

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from apps.core.api.problems import problem_response
from apps.core.observability import metrics
from apps.core.observability.requests import is_in, parse_networks


@require_safe
def metrics_view(request: HttpRequest) -> HttpResponse:
    """Answer in Prometheus' text format to holders of METRICS_TOKEN and to METRICS_ALLOWED_NETWORKS."""
    if not _may_scrape(request):
        return problem_response("permission_denied", "Metrics are for scrapers of this platform only.")
    response = HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)
    response["Cache-Control"] = "no-store"
    return response


def _may_scrape(request: HttpRequest) -> bool:
    token: str = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    networks = parse_networks(tuple(settings.METRICS_ALLOWED_NETWORKS))
    return is_in(request.META.get("REMOTE_ADDR", ""), networks)
