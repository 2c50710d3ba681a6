"""Reading of credit requests: lists, single ones, numbers by status."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet

from apps.core.errors import NotFound
from apps.credit_requests.models import CreditRequest


def list_credit_requests(
    *,
    status: str | None = None,
    seller: UUID | None = None,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
) -> QuerySet[CreditRequest]:
    """Return requests, newest first; `created_after` is inclusive, `created_before` exclusive."""
    filters: dict[str, Any] = {
        "status": status,
        "seller": seller,
        "requested_at__gte": created_after,
        "requested_at__lt": created_before,
    }
    return CreditRequest.objects.filter(**{name: value for name, value in filters.items() if value is not None})


def count_by_status(seller_ids: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """Return the number of requests of each status that these sellers filed, in one query."""
    counted = CreditRequest.objects.filter(seller_id__in=seller_ids).values_list("seller_id", "status")
    counts: dict[UUID, dict[str, int]] = {}
    for seller_id, status, number in counted.order_by().annotate(number=Count("pk")):
        counts.setdefault(seller_id, {})[status] = number
    return counts


def get_credit_request(credit_request_id: UUID, *, seller_scope: UUID | None) -> CreditRequest:
    """Return one request; `seller_scope` is the only seller that the caller may see (None: all).

    Raises:
        NotFound: it does not exist, or is not the caller's to see.
    """
    requests = CreditRequest.objects.filter(pk=credit_request_id)
    if seller_scope is not None:
        requests = requests.filter(seller_id=seller_scope)
    credit_request = requests.first()
    if credit_request is None:
        raise NotFound("Credit request not found.")
    return credit_request
