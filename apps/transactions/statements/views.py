"""Endpoints for balances and statements of one seller."""

from uuid import UUID

from django.http import StreamingHttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from apps.accounts.permissions import MayRead, caller, visible_seller_id
from apps.core.api.csv_export import CSVRenderer
from apps.core.api.input import read_query
from apps.core.api.pagination import KeysetPagination
from apps.core.api.renderers import JSONRenderer
from apps.core.apidocs.swagger import documented
from apps.core.values.money import format_money
from apps.core.values.times import format_time
from apps.transactions.entries.export import stream_entries
from apps.transactions.entries.selectors import balance_of, get_balance, iterate_entries
from apps.transactions.entries.serializers import render_entry
from apps.transactions.statements.selectors import Statement, get_balance_at, get_statement
from apps.transactions.statements.serializers import (
    BalanceQuerySerializer,
    BalanceSerializer,
    StatementQuerySerializer,
    StatementSerializer,
    render_balance,
)

_READ_PROBLEMS = ("validation_error", "permission_denied", "not_found")


class BalanceView(APIView):
    permission_classes = (MayRead,)

    @documented(
        summary="Get a balance",
        query=BalanceQuerySerializer,
        answers={200: BalanceSerializer},
        problems=_READ_PROBLEMS,
    )
    def get(self, request: Request, seller_id: UUID | str) -> Response:
        """Return a seller's balance, now or at an earlier moment, and how much it may still sell on that day.

        `daily_limit` is always today's: earlier ones are not kept.
        """
        user = caller(request)
        visible_id = visible_seller_id(user, seller_id)
        at = read_query(BalanceQuerySerializer, request).get("at")
        if at is not None:
            balance = get_balance_at(visible_id, at)
        elif user.seller is not None and visible_id == user.seller_id:
            balance = balance_of(user.seller.wallet, user.read_at)  # read with the caller itself
        else:
            balance = get_balance(visible_id)
        return Response(render_balance(balance))


class StatementPagination(KeysetPagination):
    ordering = "id"


class StatementView(APIView):
    permission_classes = (MayRead,)
    renderer_classes = (JSONRenderer, CSVRenderer)

    @documented(
        summary="Get a statement",
        query=StatementQuerySerializer,
        also_produces=["text/csv"],
        answers={200: StatementSerializer},
        problems=_READ_PROBLEMS,
    )
    def get(self, request: Request, seller_id: UUID | str) -> Response | StreamingHttpResponse:
        """Return a seller's balance at the beginning and at the end, and the entries between, oldest first.

        A statement holds the entries at `from` and after, and before `to`. The statement that begins where this one
        ends follows it without a gap. With `Accept: text/csv`: all entries, streamed.
        """
        seller = visible_seller_id(caller(request), seller_id)
        window = read_query(StatementQuerySerializer, request)
        statement = get_statement(seller, begin=window.get("from"), end=window.get("to"))
        if request.accepted_renderer.format == CSVRenderer.format:
            entries = iterate_entries(statement.entries, newest_first=False)
            return stream_entries(entries, filename="statement.csv")
        return Response(self.page(statement))

    def page(self, statement: Statement) -> dict[str, object]:
        """Return the figures of a statement with one page of its entries."""
        paginator = StatementPagination()
        entries = paginator.paginate_queryset(statement.entries, self.request, self)
        # All pages are of one window, also when sales go on between two of them.
        url = self.request.build_absolute_uri()
        paginator.base_url = replace_query_param(url, "to", format_time(statement.end))
        return {
            "seller_id": str(statement.seller_id),
            "from": statement.begin and format_time(statement.begin),
            "to": format_time(statement.end),
            "opening_balance": format_money(statement.opening_balance),
            "closing_balance": format_money(statement.closing_balance),
            "total_credits": format_money(statement.total_credits),
            "total_debits": format_money(statement.total_debits),
            "entries": statement.count,
            "next": paginator.get_next_link(),
            "previous": paginator.get_previous_link(),
            "results": [render_entry(entry) for entry in entries],
        }
