"""The address of a page deep in a seller's history, without walking there."""

from uuid import UUID

from rest_framework.pagination import Cursor

from apps.core.api.pagination import KeysetPagination
from apps.transactions.models import LedgerEntry


def deep_page(path: str, seller_id: UUID, page: int) -> tuple[str, int]:
    """Return the address of a page of the seller's list at `path`, and its number: `page`, or the last full one."""
    entries = LedgerEntry.objects.filter(seller_id=seller_id)
    size = KeysetPagination.page_size
    number = max(1, min(page, entries.count() // size))
    if number == 1:
        return path, 1
    last_before = entries.order_by("-id").values_list("pk", flat=True)[(number - 1) * size - 1]
    paginator = KeysetPagination()
    paginator.base_url = path
    cursor = Cursor(0, False, str(last_before))  # type: ignore[arg-type]  # the stub knows of numbers only
    return paginator.encode_cursor(cursor), number
