"""Lists over tables too large to count or to skip through.

A page is named by the id before or after it (`?before=`, `?after=`), so each costs what the first one costs.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.values.ids import moment_of

BEFORE, AFTER = "before", "after"

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
else:
    AnyPaginator = Paginator


class KeysetPaginator(AnyPaginator):
    """The name of the template with the two links; a paginator that counts nothing."""

    template_name = "console/keyset_pages.html"


class KeysetList(ChangeList):
    """A list in descending order of its ids.

    No index answers the search box, so a search reads `WINDOW` rows at a time and a page costs the same however large
    the table grows. The page says how far it looked; the link to older rows goes on from there.
    """

    WINDOW = 20_000
    candidates: QuerySet[Any]  # what the indexed filters leave
    is_narrowed = False
    looked_back_to: datetime | None = None

    def get_filters_params(self, params: Any = None) -> Any:
        remaining: Any = super().get_filters_params(params)
        remaining.pop(BEFORE, None)
        remaining.pop(AFTER, None)
        return remaining

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        searched, self.query = self.query, ""
        self.candidates = super().get_queryset(request, exclude_parameters)
        self.query = searched
        if searched:
            return self._search(request, searched)
        return self.candidates

    def _search(self, request: HttpRequest, words: str) -> QuerySet[Any]:
        self.is_narrowed = True
        found: QuerySet[Any] = self.model_admin.get_search_results(request, self.candidates, words)[0]
        return found

    def get_results(self, request: HttpRequest) -> None:
        size = self.list_per_page
        before, after = _uuid(request.GET.get(BEFORE)), _uuid(request.GET.get(AFTER))
        is_backward = before is None and after is not None
        edge = self._edge(before, after)
        rows = self._rows(self._within(edge, is_backward=is_backward), before, after, size)
        has_more = len(rows) > size
        page = rows[:size]
        if is_backward:
            page.reverse()
        ends = (page[0].pk, page[-1].pk) if page else (before or after, before or after)
        newest, oldest = ends if has_more or edge is None else (edge, ends[1]) if is_backward else (ends[0], edge)
        has_further = has_more or edge is not None
        self.newer = self._link(AFTER, newest) if (has_further if is_backward else before is not None) else None
        self.older = self._link(BEFORE, oldest) if (has_further or is_backward) else None
        is_cut = edge is not None and not has_more and not is_backward
        self.looked_back_to = moment_of(edge) if edge and is_cut else None
        self.result_list: Any = page
        self.result_count = self.full_result_count = len(page)
        self.show_full_result_count = self.can_show_all = self.multi_page = False
        self.show_admin_actions = True
        self.paginator = KeysetPaginator(page, size)

    def _edge(self, before: UUID | None, after: UUID | None) -> UUID | None:
        """Return the last row to look at from here, or None if all that remain may be looked at."""
        if not self.is_narrowed:
            return None
        if before is None and after is not None:
            ids = self.candidates.filter(pk__gt=after).order_by("pk")
        else:
            ids = (self.candidates if before is None else self.candidates.filter(pk__lt=before)).order_by("-pk")
        last_and_next: list[UUID] = list(ids.values_list("pk", flat=True)[self.WINDOW - 1 : self.WINDOW + 1])
        return last_and_next[0] if len(last_and_next) == 2 else None

    def _within(self, edge: UUID | None, *, is_backward: bool) -> QuerySet[Any]:
        found: QuerySet[Any] = self.queryset
        if edge is None:
            return found
        return found.filter(pk__lte=edge) if is_backward else found.filter(pk__gte=edge)

    @staticmethod
    def _rows(queryset: QuerySet[Any], before: UUID | None, after: UUID | None, size: int) -> list[Any]:
        if before is not None:
            queryset = queryset.filter(pk__lt=before)
        elif after is not None:
            return list(queryset.filter(pk__gt=after).order_by("pk")[: size + 1])
        return list(queryset.order_by("-pk")[: size + 1])

    def _link(self, name: str, edge: UUID | None) -> str | None:
        if edge is None:
            return None
        return self.get_query_string({name: str(edge)}, remove=[BEFORE, AFTER])


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
