"""Shapes of the requests and answers about ledger entries."""

from datetime import datetime
from typing import Any, Final

from rest_framework import serializers

from apps.core.api.fields import IdempotencyKeyField, MoneyField, PhoneNumberField, TextField
from apps.core.api.input import ListQuerySerializer
from apps.core.apidocs.examples import OWNER_ID, SALE_ENTRY_ID, SELLER_ID, SOLD_AT
from apps.core.values.money import format_money
from apps.core.values.times import format_time
from apps.transactions.entries.selectors import TEXTS
from apps.transactions.models import DELIVERY_STATUSES, EntryType, LedgerEntry


class EntryDeliverySerializer(serializers.Serializer[LedgerEntry]):
    """What became of a sale at its mobile operator."""

    status = serializers.ChoiceField(choices=DELIVERY_STATUSES)
    operator = serializers.CharField()
    operator_reference = serializers.CharField(allow_null=True)
    attempts = serializers.IntegerField(help_text="How often the operator was asked.")
    updated_at = serializers.DateTimeField()
    face_value = MoneyField(
        required=False,
        help_text="What arrives at the phone, if the seller pays another price, which is the transaction's `amount`.",
    )

    class Meta:
        ref_name = "TransactionDelivery"
        swagger_schema_fields = {
            "example": {
                "status": "delivered",
                "operator": "mci",
                "operator_reference": "MCI-77120",
                "attempts": 1,
                "updated_at": SOLD_AT,
            }
        }


class LedgerEntrySerializer(serializers.Serializer[LedgerEntry]):
    """One entry of the ledger."""

    id = serializers.UUIDField()
    type = serializers.ChoiceField(choices=EntryType.choices)
    seller = serializers.UUIDField()
    sequence = serializers.IntegerField(help_text="1, 2, 3, … within the seller, without a gap.")
    amount = MoneyField()
    balance_before = MoneyField()
    balance_after = MoneyField()
    phone_number = PhoneNumberField(allow_null=True)
    debit_account = serializers.CharField()
    credit_account = serializers.CharField()
    idempotency_key = serializers.CharField(allow_null=True)
    credit_request = serializers.UUIDField(allow_null=True)
    reverses = serializers.UUIDField(allow_null=True)
    reversed_by = serializers.UUIDField(allow_null=True)
    description = serializers.CharField(allow_blank=True)
    created_by = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    delivery = EntryDeliverySerializer(allow_null=True, help_text="Null: no operator delivers this entry.")

    class Meta:
        ref_name = "Transaction"
        swagger_schema_fields = {
            "example": {
                "id": SALE_ENTRY_ID,
                "type": "charge_sale",
                "seller": SELLER_ID,
                "sequence": 2,
                "amount": "50000.00",
                "balance_before": "500000.00",
                "balance_after": "450000.00",
                "phone_number": "+989123456789",
                "debit_account": f"wallet:{SELLER_ID}",
                "credit_account": "platform:charge_sales",
                "idempotency_key": "order-1001",
                "credit_request": None,
                "reverses": None,
                "reversed_by": None,
                "description": "",
                "created_by": OWNER_ID,
                "created_at": SOLD_AT,
                "delivery": None,
            }
        }

    def to_representation(self, entry: LedgerEntry) -> dict[str, object]:
        """Return the entry as the API writes it. Written out, because DRF's field loop costs ten times as much."""
        return {
            "id": str(entry.pk),
            "type": entry.type,
            "seller": str(entry.seller_id),
            "sequence": entry.sequence,
            "amount": format_money(entry.amount),
            "balance_before": format_money(entry.balance_before),
            "balance_after": format_money(entry.balance_after),
            "phone_number": entry.phone_number or None,
            "debit_account": entry.debit_account,
            "credit_account": entry.credit_account,
            "idempotency_key": entry.idempotency_key or None,
            "credit_request": entry.credit_request_id and str(entry.credit_request_id),
            "reverses": entry.reverses_id and str(entry.reverses_id),
            "reversed_by": _id_or_none(getattr(entry, "reversed_by_id", None)),
            "description": entry.description,
            "created_by": str(entry.created_by_id),
            "created_at": format_time(entry.created_at),
            "delivery": _render_delivery(entry) if entry.operator else None,
        }


def _render_delivery(entry: LedgerEntry) -> dict[str, object]:
    """Return the delivery as it was read with the entry; one that was sold just now is as the database makes it."""
    shown: dict[str, object] | None = getattr(entry, "delivery_shown", None)
    return (
        _without_equal_face_value(shown)
        if shown
        else {
            "status": "pending",
            "operator": entry.operator,
            "operator_reference": None,
            "attempts": 0,
            "updated_at": format_time(entry.created_at),
            **({} if entry.face_value is None else {"face_value": format_money(entry.face_value)}),
        }
    )


def _without_equal_face_value(delivery: dict[str, object]) -> dict[str, object]:
    """Remove a null: the face value is told only where the price is another."""
    if delivery.get("face_value") is None:
        delivery.pop("face_value", None)
    return delivery


def _id_or_none(value: object) -> str | None:
    return None if value is None else str(value)


render_entry: Final = LedgerEntrySerializer().to_representation

_NAMES: Final = tuple(TEXTS)


def render_row(row: tuple[list[str | None], int, datetime, dict[str, object] | None]) -> dict[str, object]:
    """Return a row of `selectors.rows_of` as `LedgerEntrySerializer` describes it."""
    texts, sequence, created_at, delivery = row
    members: dict[str, object] = dict(zip(_NAMES, texts, strict=True))
    members["sequence"], members["created_at"] = sequence, format_time(created_at)
    members["delivery"] = delivery and _without_equal_face_value(delivery)
    return members


class ReversalRequestSerializer(serializers.Serializer[Any]):
    """The reason for which an entry is reversed."""

    reason = TextField()

    class Meta:
        swagger_schema_fields = {"example": {"reason": "The customer named a wrong number"}}


class SellerEntryQuerySerializer(ListQuerySerializer):
    """Filters of one seller's transactions."""

    type = serializers.ChoiceField(choices=EntryType.choices, required=False)
    phone_number = PhoneNumberField(required=False)
    created_after = serializers.DateTimeField(required=False, help_text="From this moment on.")
    created_before = serializers.DateTimeField(required=False, help_text="Before this moment.")
    amount_min = MoneyField(required=False, allow_zero=True)
    amount_max = MoneyField(required=False, allow_zero=True)
    delivery_status = serializers.ChoiceField(choices=DELIVERY_STATUSES, required=False)
    idempotency_key = IdempotencyKeyField(
        required=False, help_text="The sale of this key, if it happened. Staff give `seller` too."
    )


class EntryQuerySerializer(SellerEntryQuerySerializer):
    """Filters of the list of transactions."""

    seller = serializers.UUIDField(required=False)


class PhoneNumberQuerySerializer(ListQuerySerializer):
    """Filters of the list of phone numbers."""

    search = serializers.CharField(required=False, max_length=16)


class PhoneNumberTotalSerializer(serializers.Serializer[Any]):
    """The sales to one number; reversed sales do not count."""

    phone_number = PhoneNumberField()
    total_charged = MoneyField()
    charge_count = serializers.IntegerField()
    last_charged_at = serializers.DateTimeField()

    class Meta:
        swagger_schema_fields = {
            "example": {
                "phone_number": "+989123456789",
                "total_charged": "50000.00",
                "charge_count": 1,
                "last_charged_at": SOLD_AT,
            }
        }
