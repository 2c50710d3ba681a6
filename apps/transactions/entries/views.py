"""Endpoints of the ledger."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils.translation import gettext_noop
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import audit
from apps.accounts.models import AuditAction, Proposal
from apps.accounts.permissions import IsAdmin, MayRead, caller, seller_scope, visible_seller_id
from apps.accounts.proposals.serializers import ProposalSerializer
from apps.accounts.second_factor.permissions import HasSteppedUp
from apps.core.api.csv_export import CSVRenderer
from apps.core.api.input import read_body, read_query
from apps.core.api.pagination import KeysetPagination, paginated
from apps.core.api.renderers import JSONRenderer
from apps.core.apidocs.examples import APPROVER_ID, REVERSAL_ENTRY_ID, REVERSED_AT, SALE_ENTRY_ID, SELLER_ID
from apps.core.apidocs.swagger import documented, page_of
from apps.core.database import replica
from apps.core.errors import InvalidInput
from apps.transactions.entries import selectors, services
from apps.transactions.entries.export import stream_entries
from apps.transactions.entries.serializers import (
    EntryQuerySerializer,
    LedgerEntrySerializer,
    PhoneNumberQuerySerializer,
    PhoneNumberTotalSerializer,
    ReversalRequestSerializer,
    SellerEntryQuerySerializer,
    render_entry,
    render_row,
)
from apps.transactions.models import LedgerEntry

_READ_PROBLEMS: Final = ("validation_error", "permission_denied", "not_found")


class RowPagination(KeysetPagination):
    """Pages of the rows of `selectors.rows_of`, of which the id is the first text."""

    def _get_position_from_instance(self, instance: Any, ordering: Sequence[str]) -> str:
        return str(instance[0][0])


class EntryListView(APIView):
    permission_classes = (MayRead,)
    renderer_classes = (JSONRenderer, CSVRenderer)

    @documented(
        summary="List transactions",
        query=EntryQuerySerializer,
        also_produces=["text/csv"],
        answers={200: page_of(LedgerEntrySerializer)},
        problems=["validation_error", "permission_denied"],
    )
    def get(self, request: Request) -> Response | StreamingHttpResponse:
        """List ledger entries, newest first. With `Accept: text/csv`: all that match, streamed."""
        filters = read_query(EntryQuerySerializer, request)
        scope = seller_scope(caller(request))
        if scope is not None and filters.setdefault("seller", scope) != scope:
            return self.answer(selectors.list_entries().none())
        if "idempotency_key" in filters and "seller" not in filters:
            message = gettext_noop("A key belongs to one seller: give its id too.")
            raise InvalidInput("seller", message, code="required")
        return self.answer(selectors.list_entries(**filters))

    def answer(self, entries: QuerySet[LedgerEntry]) -> Response | StreamingHttpResponse:
        """Return a page of `entries`, or all of them as CSV."""
        if self.request.accepted_renderer.format != CSVRenderer.format:
            return self.page(entries)
        user = caller(self.request)
        if user.staff_roles:  # an export may hold the data of all sellers
            audit.record(AuditAction.EXPORT_LEDGER, actor_id=user.pk, detail=self.request.get_full_path())
        return stream_entries(selectors.iterate_entries(entries), filename="transactions.csv")

    def page(self, entries: QuerySet[LedgerEntry]) -> Response:
        """Return a page of `entries`; staff's from the standby. A seller's own is too small a read for the detour."""
        if seller_scope(caller(self.request)) is not None:
            return self.rows(entries)
        return replica.read(lambda: self.rows(entries))

    def rows(self, entries: QuerySet[LedgerEntry]) -> Response:
        """Return a page of `entries`, in one pass from PostgreSQL's texts to JSON."""
        paginator = RowPagination()
        rows = paginator.paginate_queryset(selectors.rows_of(entries), self.request, self)
        return paginator.get_paginated_response([render_row(row) for row in rows])


class SellerEntryListView(EntryListView):
    @documented(
        summary="List a seller's transactions",
        query=SellerEntryQuerySerializer,
        also_produces=["text/csv"],
        answers={200: page_of(LedgerEntrySerializer)},
        problems=_READ_PROBLEMS,
    )
    def get(  # type: ignore[override]  # one more path argument than the list of all
        self, request: Request, seller_id: UUID | str
    ) -> Response | StreamingHttpResponse:
        """List one seller's ledger entries, newest first, also as CSV."""
        filters = read_query(SellerEntryQuerySerializer, request)
        return self.answer(selectors.list_entries(seller=visible_seller_id(caller(request), seller_id), **filters))


class EntryView(APIView):
    permission_classes = (MayRead,)

    @documented(
        summary="Get a transaction", answers={200: LedgerEntrySerializer}, problems=["permission_denied", "not_found"]
    )
    def get(self, request: Request, entry_id: UUID) -> Response:
        """Return one ledger entry."""
        entry = selectors.get_entry(entry_id, seller_scope=seller_scope(caller(request)))
        return Response(render_entry(entry))


class ReverseEntryView(APIView):
    permission_classes = (IsAdmin, HasSteppedUp)

    @documented(
        summary="Reverse a transaction",
        request=ReversalRequestSerializer,
        answers={201: LedgerEntrySerializer, 202: ProposalSerializer},
        problems=[
            "validation_error", "permission_denied", "not_found", "already_reversed", "not_reversible",
            "insufficient_balance", "balance_limit_exceeded", "second_approver_needed",
            "step_up_required",
        ],
        examples={201: {
            "id": REVERSAL_ENTRY_ID, "type": "reversal", "sequence": 3, "balance_before": "450000.00",
            "balance_after": "500000.00", "phone_number": None, "debit_account": "platform:charge_sales",
            "credit_account": f"wallet:{SELLER_ID}", "idempotency_key": None, "reverses": SALE_ENTRY_ID,
            "description": "The customer named a wrong number", "created_by": APPROVER_ID, "created_at": REVERSED_AT,
        }},
    )  # fmt: skip
    def post(self, request: Request, entry_id: UUID) -> Response:
        """Undo a credit or a sale by its mirror image, once. For admins.

        A large amount may need two admins: the first call answers 202, and the same call of another admin reverses.
        """
        body = read_body(ReversalRequestSerializer, request)
        entry = services.reverse_entry(entry_id=entry_id, reversed_by_id=caller(request).pk, **body)
        if isinstance(entry, Proposal):
            return Response(ProposalSerializer(entry).data, status=status.HTTP_202_ACCEPTED)
        return Response(render_entry(entry), status=status.HTTP_201_CREATED)


class PhoneNumberPagination(KeysetPagination):
    ordering = "phone_number"


class PhoneNumberListView(APIView):
    permission_classes = (MayRead,)

    @documented(
        summary="List phone numbers",
        query=PhoneNumberQuerySerializer,
        answers={200: page_of(PhoneNumberTotalSerializer)},
        problems=["validation_error", "permission_denied"],
    )
    def get(self, request: Request) -> Response:
        """List the numbers that were charged, with what was sold to each; reversed charges do not count."""
        filters = read_query(PhoneNumberQuerySerializer, request)
        numbers = selectors.list_phone_numbers(seller=seller_scope(caller(request)), **filters)
        return replica.read(
            lambda: paginated(self, numbers, PhoneNumberTotalSerializer, pagination=PhoneNumberPagination)
        )
