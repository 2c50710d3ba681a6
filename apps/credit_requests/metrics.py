"""Gauges of the credit requests."""

from collections.abc import Iterator

from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.core import Metric

from apps.core.observability.metrics import gauge
from apps.credit_requests.models import OPEN_STATUSES, CreditRequest


def request_gauges() -> Iterator[Metric]:
    """Yield the number of requests that wait for a decision, of the second approver too, and the age of the oldest."""
    waiting = CreditRequest.objects.filter(status__in=OPEN_STATUSES)
    found = waiting.aggregate(count=Count("pk"), oldest=Min("requested_at"))
    age = (timezone.now() - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    yield gauge("sharj_credit_requests_pending", "Credit requests that wait for a decision.", found["count"])
    yield gauge("sharj_credit_requests_oldest_seconds", "Age of the oldest of them.", age)
