"""Endpoints for balances and statements of one seller."""

from uuid import UUID

from django.http.response import HttpResponseBase
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView

from apps.accounts import audit
from apps.accounts.models import AuditAction, Seller
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
from apps.transactions.statements.export import statement_csv, statement_pdf
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


class PDFRenderer(BaseRenderer):
    """A renderer by which clients ask for a PDF; the view draws it itself."""

    media_type = "application/pdf"
    format = "pdf"


class StatementView(APIView):
    permission_classes = (MayRead,)
    renderer_classes = (JSONRenderer, CSVRenderer, PDFRenderer)

    @documented(
        summary="Get a statement",
        query=StatementQuerySerializer,
        also_produces=["text/csv", "application/pdf"],
        answers={200: StatementSerializer},
        problems=(*_READ_PROBLEMS, "statement_too_long"),
    )
    def get(self, request: Request, seller_id: UUID | str) -> HttpResponseBase:
        """Return a seller's balance at the beginning and at the end, and the entries between, oldest first.

        A statement holds the entries at `from` and after, and before `to`. The statement that begins where this one
        ends follows it without a gap. `month` stands for both.

        With `Accept: text/csv`: all entries, streamed; of a month, with balances, totals and how to verify them in
        lines that begin with `#`. With `Accept: application/pdf`: the same as a document of at most 3,000 entries.
        Documents are in the language of `Accept-Language`.
        """
        visible_id = visible_seller_id(caller(request), seller_id)
        window = read_query(StatementQuerySerializer, request)
        statement = get_statement(visible_id, begin=window.get("from"), end=window.get("to"))
        if request.accepted_renderer.format == JSONRenderer.format:
            return Response(self.page(statement))
        return self.document(statement, is_month="is_month" in window)

    def document(self, statement: Statement, *, is_month: bool) -> HttpResponseBase:
        """Return the statement as a file, which staff do not take unseen."""
        user, seller = caller(self.request), Seller.objects.get(pk=statement.seller_id)
        if self.request.accepted_renderer.format == PDFRenderer.format:
            answer: HttpResponseBase = statement_pdf(statement, seller)
        elif is_month:
            answer = statement_csv(statement, seller)
        else:
            answer = stream_entries(iterate_entries(statement.entries, newest_first=False), filename="statement.csv")
        if user.staff_roles:
            audit.record(AuditAction.EXPORT_LEDGER, seller, actor_id=user.pk, detail=self.request.get_full_path())
        return answer

    def page(self, statement: Statement) -> dict[str, object]:
        """Return the figures of a statement with one page of its entries."""
        paginator = StatementPagination()
        entries = paginator.paginate_queryset(statement.entries, self.request, self)
        # All pages are of one window, also when sales go on between two of them.
        url = self.request.build_absolute_uri()
        if statement.begin and "month" in self.request.query_params:
            url = replace_query_param(remove_query_param(url, "month"), "from", format_time(statement.begin))
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
