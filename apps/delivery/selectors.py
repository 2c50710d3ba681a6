"""Reading of operators and deliveries."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from apps.core.errors import NotFound
from apps.core.values.ids import uuid7_at
from apps.delivery.models import Delivery, Operator


def list_operators() -> QuerySet[Operator]:
    """Return the operators, by code."""
    return Operator.objects.order_by("code")


def list_deliveries(
    *, seller: UUID | None = None, status: str | None = None, operator: str | None = None, older_than: int | None = None
) -> QuerySet[Delivery]:
    """Return deliveries, newest first; `older_than` seconds, counted from the sale."""
    filters: dict[str, Any] = {"seller": seller, "status": status, "operator": operator}
    if older_than is not None:
        filters["entry__lt"] = uuid7_at(timezone.now() - timedelta(seconds=older_than), random_bits=0)
    given = {name: value for name, value in filters.items() if value is not None}
    return Delivery.objects.filter(**given).select_related("entry").prefetch_related("attempts_made")


def get_delivery(delivery_id: UUID, *, seller_scope: UUID | None) -> Delivery:
    """Return one delivery; `seller_scope` is the only seller that the caller may see (None: all).

    Raises:
        NotFound: it does not exist, or is not the caller's to see.
    """
    delivery = list_deliveries(seller=seller_scope).filter(pk=delivery_id).first()
    if delivery is None:
        raise NotFound("Delivery not found.")
    return delivery


def products_of(operator: Operator) -> Sequence[dict[str, Any]]:
    """Return what an operator sells: a range, fixed amounts, or both."""
    products: list[dict[str, Any]] = []
    if operator.min_amount is not None:
        products.append({"kind": "range", "min": operator.min_amount, "max": operator.max_amount})
    if operator.amounts:
        products.append({"kind": "fixed", "amounts": sorted(operator.amounts)})
    return products
