"""Endpoints that sell charges, one or a batch."""

from typing import Final

from django.utils.translation import gettext
from rest_framework import status
from rest_framework.exceptions import ParseError, UnsupportedMediaType, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.sessions.authentication import ClaimsAuthentication, claims_of
from apps.core.api.idempotency import InvalidIdempotencyKey, parse_idempotency_key
from apps.core.api.input import read_body
from apps.core.api.parsers import BulkJSONParser, RequestTooLarge
from apps.core.apidocs.swagger import IDEMPOTENCY_KEY, documented
from apps.transactions.charges import combining, services
from apps.transactions.charges.sales import InvalidItem
from apps.transactions.charges.serializers import (
    BulkAnswerSerializer,
    BulkRequestSerializer,
    ChargeRequestSerializer,
    DryRunQuerySerializer,
    DryRunSerializer,
    render_batch,
    render_batch_dry_run,
    render_dry_run,
)
from apps.transactions.charges.throttles import ChargeThrottle
from apps.transactions.entries.serializers import LedgerEntrySerializer, render_entry

_ABOUT_INPUT: Final = (ParseError, UnsupportedMediaType, ValidationError, RequestTooLarge, InvalidIdempotencyKey)


def is_dry_run(request: Request) -> bool:
    """Tell whether the caller only asks. A value by mistake, such as none or two, must not sell.

    Raises:
        ValidationError: neither `true` nor `false`.
    """
    given = request.query_params.getlist("dry_run")
    if given in ([], ["false"], ["true"]):
        return given == ["true"]
    raise ValidationError({"dry_run": [gettext("Write true or false.")]})


class SellingView(APIView):
    """The base of both endpoints, whose use case checks session, user, role and seller in its one locking query."""

    authentication_classes = (ClaimsAuthentication,)
    throttle_classes = (ChargeThrottle,)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer a refusal. A caller that may not sell is told so before the faults of its input."""
        if isinstance(exc, _ABOUT_INPUT):
            exc = services.objection_to(claims_of(self.request)) or exc
        return super().handle_exception(exc)


class ChargeListView(SellingView):
    @documented(
        summary="Sell a charge",
        request=ChargeRequestSerializer,
        query=DryRunQuerySerializer,
        answers={200: DryRunSerializer, 201: LedgerEntrySerializer},
        problems=[
            "validation_error", "invalid_idempotency_key", "idempotency_key_required", "invalid_token",
            "permission_denied", "seller_not_active", "insufficient_balance", "daily_limit_exceeded",
            "idempotency_key_reused", "throttled", "operator_not_found", "product_not_offered", "operator_unavailable",
        ],
        headers=[IDEMPOTENCY_KEY],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Sell credit to a phone number, for owners and operators of a seller.

        With an `Idempotency-Key` the request can be sent again safely: it sells once, and a repeat gets its
        entry with `Idempotent-Replayed: true`. With `?dry_run=true` it is only judged: 200, nothing is sold.
        """
        key = parse_idempotency_key(request.META.get("HTTP_IDEMPOTENCY_KEY"))
        charge = read_body(ChargeRequestSerializer, request)
        if is_dry_run(request):
            run = services.try_charge(claims=claims_of(request), idempotency_key=key, **charge)
            return Response(render_dry_run(run))
        sale = combining.sell_charge(claims=claims_of(request), idempotency_key=key, **charge)
        headers = {"Idempotent-Replayed": "true"} if sale.replayed else None
        return Response(render_entry(sale.entry), status=status.HTTP_201_CREATED, headers=headers)


class BulkChargeView(SellingView):
    parser_classes = (BulkJSONParser,)

    @documented(
        summary="Sell a batch of charges",
        request=BulkRequestSerializer,
        query=DryRunQuerySerializer,
        answers={200: BulkAnswerSerializer},
        problems=[
            "validation_error", "invalid_token", "permission_denied", "seller_not_active", "bulk_rejected",
            "request_too_large", "throttled",
        ],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Sell 1 to 1,000 charges in their order, under one lock, for owners and operators of a seller.

        Each item is sold or refused by itself, also one that is malformed (`validation_error`, with its `errors`).
        With `atomic: true` one refusal refuses all: 409, with the same results; a malformed item: 400.
        With `?dry_run=true` they are only judged: 200, with the same results and `would_succeed`; nothing is sold.
        """
        body = read_body(BulkRequestSerializer, request)
        orders = [item if isinstance(item, InvalidItem) else services.Order(**item) for item in body["charges"]]
        if is_dry_run(request):
            run = services.try_charges(claims=claims_of(request), orders=orders, is_atomic=body["atomic"])
            return Response(render_batch_dry_run(run))
        batch = services.sell_charges(claims=claims_of(request), orders=orders, is_atomic=body["atomic"])
        return Response(render_batch(batch))

    def handle_exception(self, exc: Exception) -> Response:
        """Answer a refusal; that of an atomic batch has the outcome of each item."""
        if isinstance(exc, services.BulkRejected):
            exc.extra = render_batch(exc.batch)
        return super().handle_exception(exc)
