"""Shapes of requests and answers about money."""

from typing import Any

from rest_framework import serializers

from apps.core.api.fields import MoneyField, PhoneNumberField, TextField
from apps.core.api.input import ListQuerySerializer
from apps.core.apidocs.examples import OWNER_ID, REVERSED_AT, SALE_ENTRY_ID, SELLER_ID, SOLD_AT
from apps.core.values.money import format_money
from apps.core.values.times import format_time
from apps.transactions.models import EntryType, LedgerEntry


class ChargeRequestSerializer(serializers.Serializer[Any]):
    """A charge to sell."""

    phone_number = PhoneNumberField()
    amount = MoneyField()

    class Meta:
        swagger_schema_fields = {"example": {"phone_number": "+989123456789", "amount": "50000.00"}}


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
        }


def _id_or_none(value: object) -> str | None:
    return None if value is None else str(value)


class ReversalRequestSerializer(serializers.Serializer[Any]):
    """Why an entry is undone."""

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


class EntryQuerySerializer(SellerEntryQuerySerializer):
    """Filters of the list of transactions."""

    seller = serializers.UUIDField(required=False)


class PhoneNumberQuerySerializer(ListQuerySerializer):
    """Filters of the list of phone numbers."""

    search = serializers.CharField(required=False, max_length=16)


class PhoneNumberTotalSerializer(serializers.Serializer[Any]):
    """What was sold to one number; reversed sales do not count."""

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


class BalanceSerializer(serializers.Serializer[Any]):
    """A balance, and what may still be sold on this business day (null: no daily limit)."""

    seller_id = serializers.UUIDField()
    balance = MoneyField()
    sequence = serializers.IntegerField()
    daily_limit = MoneyField(allow_null=True)
    spent_today = MoneyField()
    available_today = MoneyField(allow_null=True)
    as_of = serializers.DateTimeField()

    class Meta:
        swagger_schema_fields = {
            "example": {
                "seller_id": SELLER_ID,
                "balance": "450000.00",
                "sequence": 2,
                "daily_limit": "2000000.00",
                "spent_today": "50000.00",
                "available_today": "1950000.00",
                "as_of": REVERSED_AT,
            }
        }


class BalanceQuerySerializer(serializers.Serializer[Any]):
    """Which moment a balance is of."""

    at = serializers.DateTimeField(required=False, help_text="Now, when not given or in the future.")


class StatementQuerySerializer(ListQuerySerializer):
    """Which entries a statement is of."""

    to = serializers.DateTimeField(
        required=False, help_text="Before this moment. Now, when not given or in the future."
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        beginning = serializers.DateTimeField(required=False, help_text="From this moment on; all, when not given.")
        return {"from": beginning, **super().get_fields()}  # `from` is a keyword of Python


class StatementSerializer(serializers.Serializer[Any]):
    """One page of a statement. `opening_balance` and all its entries together lead to `closing_balance`."""

    seller_id = serializers.UUIDField()
    to = serializers.DateTimeField(help_text="The moment it is complete up to: `from` of the statement that follows.")
    opening_balance = MoneyField()
    closing_balance = MoneyField()
    total_credits = MoneyField(help_text="What was added to the balance.")
    total_debits = MoneyField(help_text="What was taken from it.")
    entries = serializers.IntegerField(help_text="How many there are on all pages.")
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = LedgerEntrySerializer(many=True, help_text="Oldest first.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {"from": serializers.DateTimeField(allow_null=True), **super().get_fields()}
