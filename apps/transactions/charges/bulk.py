"""The endpoint that sells a batch of charges: its input, its answer and its view."""

from typing import Any, Final

from django.utils.translation import gettext
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.sessions.authentication import ClaimsAuthentication, claims_of
from apps.core.api.fields import MoneyField
from apps.core.api.idempotency import InvalidIdempotencyKey, parse_idempotency_key
from apps.core.api.input import read_body
from apps.core.api.parsers import BulkJSONParser
from apps.core.api.problems import PROBLEMS
from apps.core.apidocs.swagger import documented, example_of
from apps.core.errors import DomainError
from apps.core.observability import metrics
from apps.core.values.money import ZERO, format_money
from apps.transactions.charges import services
from apps.transactions.charges.refusals import count_refusals
from apps.transactions.charges.sales import Batch, Order, Sale
from apps.transactions.charges.serializers import ChargeRequestSerializer
from apps.transactions.charges.services import BulkRejected
from apps.transactions.charges.throttles import ChargeThrottle
from apps.transactions.entries.serializers import LedgerEntrySerializer

MAX_ITEMS: Final = 1_000
_ROUTE: Final = "api/v1/charges/bulk/"  # of the items' counters
_render_entry: Final = LedgerEntrySerializer().to_representation


class IdempotencyKeyField(serializers.CharField):
    """An idempotency key in a body: the same characters as in the header."""

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            return parse_idempotency_key(data)
        except InvalidIdempotencyKey as error:
            raise serializers.ValidationError(error.message, code=error.code) from error


class BulkItemSerializer(ChargeRequestSerializer):
    """One charge of a batch."""

    idempotency_key = IdempotencyKeyField(required=False)

    class Meta:
        swagger_schema_fields = {
            "example": {"phone_number": "+989123456789", "amount": "50000.00", "idempotency_key": "order-1001"}
        }


class BulkRequestSerializer(serializers.Serializer[Any]):
    """A batch of charges."""

    charges = serializers.ListField(child=BulkItemSerializer(), min_length=1, max_length=MAX_ITEMS)
    atomic = serializers.BooleanField(default=False, help_text="Sell all or nothing.")

    class Meta:
        swagger_schema_fields = {"example": {"charges": [example_of(BulkItemSerializer)], "atomic": False}}


class BulkErrorSerializer(serializers.Serializer[Any]):
    """Why an item was refused: `code` and `detail` as in a problem document, and what belongs to the code."""

    code = serializers.ChoiceField(choices=list(PROBLEMS))
    title = serializers.CharField()
    detail = serializers.CharField()


class BulkResultSerializer(serializers.Serializer[Any]):
    """What became of one item."""

    index = serializers.IntegerField()
    outcome = serializers.ChoiceField(choices=["accepted", "rejected", "replayed"])
    transaction = LedgerEntrySerializer(allow_null=True)
    error = BulkErrorSerializer(allow_null=True)

    class Meta:
        swagger_schema_fields = {
            "example": {
                "index": 0,
                "outcome": "accepted",
                "transaction": example_of(LedgerEntrySerializer),
                "error": None,
            }
        }


class BulkAnswerSerializer(serializers.Serializer[Any]):
    """What became of a batch; `total_amount` is the sum of what it sold."""

    accepted = serializers.IntegerField()
    rejected = serializers.IntegerField()
    replayed = serializers.IntegerField()
    total_amount = MoneyField()
    balance_after = MoneyField()
    results = BulkResultSerializer(many=True)

    class Meta:
        swagger_schema_fields = {
            "example": {
                "accepted": 1,
                "rejected": 0,
                "replayed": 0,
                "total_amount": "50000.00",
                "balance_after": "450000.00",
                "results": [example_of(BulkResultSerializer)],
            }
        }


class BulkChargeView(APIView):
    authentication_classes = (ClaimsAuthentication,)
    throttle_classes = (ChargeThrottle,)
    parser_classes = (BulkJSONParser,)

    @documented(
        summary="Sell a batch of charges",
        request=BulkRequestSerializer,
        answers={200: BulkAnswerSerializer},
        problems=[
            "validation_error", "invalid_token", "permission_denied", "seller_not_active", "bulk_rejected",
            "request_too_large", "throttled",
        ],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Sell 1 to 1,000 charges in their order, under one lock, for owners and operators of a seller.

        Each item is sold or refused by itself. With `atomic: true` one refusal refuses all: 409, with the same results.
        """
        try:
            body = read_body(BulkRequestSerializer, request)
        except APIException:
            services.check_may_sell(claims_of(request))  # whoever may not sell is told that first
            raise
        orders = [Order(**item) for item in body["charges"]]
        try:
            batch = services.sell_charges(claims=claims_of(request), orders=orders, is_atomic=body["atomic"])
        except BulkRejected as refusal:
            count_refusals(result for result in refusal.batch.results if isinstance(result, DomainError))
            refusal.extra = _render_batch(refusal.batch)
            raise
        count_refusals(result for result in batch.results if isinstance(result, DomainError))
        return Response(_render_batch(batch))


def _render_batch(batch: Batch) -> dict[str, object]:
    results = [_render_result(index, result) for index, result in enumerate(batch.results)]
    outcomes = [result["outcome"] for result in results]
    return {
        "accepted": outcomes.count("accepted"),
        "rejected": outcomes.count("rejected"),
        "replayed": outcomes.count("replayed"),
        "total_amount": format_money(sum((entry.amount for entry in batch.sold), ZERO)),
        "balance_after": format_money(batch.balance_after),
        "results": results,
    }


def _render_result(index: int, result: Sale | DomainError) -> dict[str, object]:
    if isinstance(result, DomainError):
        metrics.REFUSALS.labels(_ROUTE, result.code).inc()
        error = {
            "code": result.code,
            "title": gettext(PROBLEMS[result.code].title),
            "detail": gettext(result.message),
            **result.extra,
        }
        return {"index": index, "outcome": "rejected", "transaction": None, "error": error}
    if result.replayed:
        metrics.REPLAYS.labels(_ROUTE).inc()
    outcome = "replayed" if result.replayed else "accepted"
    return {"index": index, "outcome": outcome, "transaction": _render_entry(result.entry), "error": None}
