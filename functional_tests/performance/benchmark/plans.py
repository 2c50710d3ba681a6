"""Query plans of the list of transactions, filter by filter."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.core.api.pagination import KeysetPagination
from apps.transactions.entries.selectors import list_entries
from apps.transactions.models import EntryType, LedgerEntry


@dataclass(frozen=True, slots=True)
class FilterPlan:
    """The plan of one page: its scans, how long it took, and how many rows it read in vain."""

    filters: str
    scans: str
    milliseconds: float
    rows_in_vain: int


def explain_filters(seller_id: UUID) -> list[FilterPlan]:
    """Explain the first page of each sensible set of filters; `seller_id` should be a large seller."""
    return [_explain(name, filters) for name, filters in _filters(seller_id)]


def _filters(seller_id: UUID) -> Iterator[tuple[str, dict[str, Any]]]:
    sale = LedgerEntry.objects.filter(seller_id=seller_id, type=EntryType.CHARGE_SALE).order_by("id").first()
    assert sale is not None
    day = {"created_after": sale.created_at, "created_before": sale.created_at + timedelta(days=1)}
    phone, seller = {"phone_number": sale.phone_number}, {"seller": seller_id}
    yield "none", {}
    yield "a phone number", phone
    yield "the first day", day
    yield "type reversal", {"type": EntryType.REVERSAL.value}
    yield "amount above all", {"amount_min": Decimal("999999999.00")}
    yield "seller", seller
    yield "seller, a phone number", {**seller, **phone}
    yield "seller, a key", {**seller, "idempotency_key": sale.idempotency_key or "none"}
    yield "seller, the first day", {**seller, **day}
    yield "seller, type reversal", {**seller, "type": EntryType.REVERSAL.value}
    yield "seller, amount above all", {**seller, "amount_min": Decimal("999999999.00")}


def _explain(name: str, filters: Mapping[str, Any]) -> FilterPlan:
    page = list_entries(**filters).order_by("-id")[: KeysetPagination.page_size + 1]
    [explained] = json.loads(page.explain(analyze=True, format="json"))
    nodes = [node for node in _walk(explained["Plan"]) if "Relation Name" in node or "Index Name" in node]
    scans = dict.fromkeys(f"{node['Node Type']} {node.get('Index Name', node.get('Relation Name'))}" for node in nodes)
    in_vain = sum(node.get("Rows Removed by Filter", 0) * node["Actual Loops"] for node in nodes)
    return FilterPlan(name, ", ".join(scans), explained["Execution Time"], round(in_vain))


def _walk(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _walk(child)
