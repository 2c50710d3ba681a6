"""Shapes of the requests and answers of charges."""

from typing import Any, Final

from django.utils.translation import gettext
from rest_framework import serializers

from apps.core.api.fields import MoneyField, PhoneNumberField
from apps.core.api.idempotency import InvalidIdempotencyKey, parse_idempotency_key
from apps.core.api.problems import PROBLEMS
from apps.core.apidocs.swagger import example_of
from apps.core.errors import DomainError
from apps.core.values.money import ZERO, format_money
from apps.transactions.charges.sales import Batch, Sale
from apps.transactions.entries.serializers import LedgerEntrySerializer, render_entry

MAX_ITEMS: Final = 1_000


class ChargeRequestSerializer(serializers.Serializer[Any]):
    """A charge to sell."""

    phone_number = PhoneNumberField()
    amount = MoneyField()

    class Meta:
        swagger_schema_fields = {"example": {"phone_number": "+989123456789", "amount": "50000.00"}}


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
    """The refusal of an item: `code` and `detail` as in a problem document, and the members of the code."""

    code = serializers.ChoiceField(choices=list(PROBLEMS))
    title = serializers.CharField()
    detail = serializers.CharField()


class BulkResultSerializer(serializers.Serializer[Any]):
    """The outcome of one item."""

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
    """The outcome of a batch; `total_amount` is the sum of its sales."""

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


def render_batch(batch: Batch) -> dict[str, object]:
    """Return the outcome of a batch as `BulkAnswerSerializer` describes it."""
    accepted, rejected = len(batch.sold), len(batch.refusals)
    return {
        "accepted": accepted,
        "rejected": rejected,
        "replayed": len(batch.results) - accepted - rejected,
        "total_amount": format_money(sum((entry.amount for entry in batch.sold), ZERO)),
        "balance_after": format_money(batch.balance_after),
        "results": [_render_result(index, result) for index, result in enumerate(batch.results)],
    }


def _render_result(index: int, result: Sale | DomainError) -> dict[str, object]:
    if isinstance(result, DomainError):
        error = {
            "code": result.code,
            "title": gettext(PROBLEMS[result.code].title),
            "detail": gettext(result.message),
            **result.extra,
        }
        return {"index": index, "outcome": "rejected", "transaction": None, "error": error}
    outcome = "replayed" if result.replayed else "accepted"
    return {"index": index, "outcome": outcome, "transaction": render_entry(result.entry), "error": None}
