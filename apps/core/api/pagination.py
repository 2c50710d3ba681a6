"""Keyset pages: the cursor names the last row seen, so page 2,000 costs what page 1 costs."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView


class KeysetPagination(CursorPagination):
    """`{"next", "previous", "results"}`, ordered by one unique column."""

    page_size = 50
    max_page_size = 500
    page_size_query_param = "page_size"
    ordering: str = "-id"

    def get_page_size(self, request: Request) -> int:
        raw = request.query_params.get(self.page_size_query_param) or str(self.page_size)
        if not (raw.isascii() and raw.isdigit() and len(raw) <= 9 and 1 <= int(raw) <= self.max_page_size):
            raise ValidationError({"page_size": [gettext("Write a whole number from 1 to 500.")]})
        return int(raw)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Return the cursor of the request; refuse one that this list did not make with 400."""
        try:
            cursor = super().decode_cursor(request)
        except Exception as error:
            raise ValidationError({"cursor": [gettext("Not a cursor that this list gave out.")]}) from error
        if cursor is not None and (cursor.offset or cursor.position is None):
            # Positions are unique, so every cursor has one and the offset of DRF's cursor is never needed.
            raise ValidationError({"cursor": [gettext("Not a cursor that this list gave out.")]})
        return cursor

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        try:
            return super().paginate_queryset(queryset, request, view) or []
        except (DjangoValidationError, ValueError) as error:
            raise ValidationError({"cursor": [gettext("Not a cursor that this list gave out.")]}) from error

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        return Response({"next": self.get_next_link(), "previous": self.get_previous_link(), "results": data})


def paginated(
    view: APIView,
    rows: QuerySet[Any],
    serializer: type[BaseSerializer[Any]],
    *,
    pagination: type[KeysetPagination] = KeysetPagination,
) -> Response:
    """Return one page of `rows`, rendered by `serializer`."""
    paginator = pagination()
    page = paginator.paginate_queryset(rows, view.request, view)
    return paginator.get_paginated_response(serializer(page, many=True).data)
