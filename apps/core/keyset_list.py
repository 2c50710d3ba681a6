"""Lists of the back office over tables that are too large to count or to skip through.

A page is named by the id before or after it (`?before=`, `?after=`), so each costs what the first one costs.
"""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

BEFORE, AFTER = "before", "after"

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
else:
    AnyPaginator = Paginator


class KeysetPaginator(AnyPaginator):
    """Names the template that shows the two links; nothing is counted."""

    template_name = "console/keyset_pages.html"


class KeysetList(ChangeList):
    """A list in descending order of its ids."""

    def get_filters_params(self, params: Any = None) -> Any:
        remaining: Any = super().get_filters_params(params)
        remaining.pop(BEFORE, None)
        remaining.pop(AFTER, None)
        return remaining

    def get_results(self, request: HttpRequest) -> None:
        size = self.list_per_page
        before, after = _uuid(request.GET.get(BEFORE)), _uuid(request.GET.get(AFTER))
        rows = self._rows(self.queryset, before, after, size)
        is_backward = before is None and after is not None
        has_more = len(rows) > size
        page = rows[:size]
        if is_backward:
            page.reverse()
        self.newer = self._link(AFTER, page) if (has_more if is_backward else before is not None) else None
        self.older = self._link(BEFORE, page) if (has_more or is_backward) else None
        self.result_list: Any = page
        self.result_count = self.full_result_count = len(page)
        self.show_full_result_count = self.can_show_all = self.multi_page = False
        self.show_admin_actions = True
        self.paginator = KeysetPaginator(page, size)

    @staticmethod
    def _rows(queryset: QuerySet[Any], before: UUID | None, after: UUID | None, size: int) -> list[Any]:
        if before is not None:
            queryset = queryset.filter(pk__lt=before)
        elif after is not None:
            return list(queryset.filter(pk__gt=after).order_by("pk")[: size + 1])
        return list(queryset.order_by("-pk")[: size + 1])

    def _link(self, name: str, page: list[Any]) -> str | None:
        if not page:
            return None
        edge = page[0] if name == AFTER else page[-1]
        return self.get_query_string({name: str(edge.pk)}, remove=[BEFORE, AFTER])


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
