"""Shapes of the answers about reconciliation."""

from typing import Any

from rest_framework import serializers

from apps.core.api.fields import MoneyField
from apps.core.apidocs.examples import SELLER_ID


class SellerReconciliationSerializer(serializers.Serializer[Any]):
    """A balance by the wallet and by the sum of the ledger."""

    seller_id = serializers.UUIDField()
    company_name = serializers.CharField()
    current_balance = MoneyField()
    calculated_balance = MoneyField()
    difference = MoneyField()
    is_reconciled = serializers.BooleanField()
    total_transactions = serializers.IntegerField()
    last_sequence = serializers.IntegerField()

    class Meta:
        swagger_schema_fields = {
            "example": {
                "seller_id": SELLER_ID,
                "company_name": "Mehr Mobile",
                "current_balance": "450000.00",
                "calculated_balance": "450000.00",
                "difference": "0.00",
                "is_reconciled": True,
                "total_transactions": 2,
                "last_sequence": 2,
            }
        }


class ReconciliationSerializer(serializers.Serializer[Any]):
    """The verdict over all sellers."""

    sellers_checked = serializers.IntegerField()
    verified = serializers.IntegerField()
    discrepancies = SellerReconciliationSerializer(many=True)
    trial_balance = serializers.DictField(child=MoneyField(), help_text="Debits minus credits of each account.")
    trial_balance_total = MoneyField()
    chain_verified = serializers.BooleanField()
    is_reconciled = serializers.BooleanField()

    class Meta:
        swagger_schema_fields = {
            "example": {
                "sellers_checked": 1,
                "verified": 1,
                "discrepancies": [],
                "trial_balance": {
                    "platform:funding": "500000.00",
                    "platform:charge_sales": "-50000.00",
                    "wallets": "-450000.00",
                },
                "trial_balance_total": "0.00",
                "chain_verified": True,
                "is_reconciled": True,
            }
        }
