"""Shapes of balances and statements."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from apps.core.api.fields import MoneyField
from apps.core.api.input import ListQuerySerializer
from apps.core.apidocs.examples import REVERSED_AT, SELLER_ID
from apps.transactions.entries.selectors import Balance
from apps.transactions.entries.serializers import LedgerEntrySerializer


class BalanceSerializer(serializers.Serializer[Any]):
    """A balance, and how much may still be sold on this business day (null: no daily limit)."""

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


def render_wallet(wallet: Any) -> Mapping[str, Any]:
    """Return the balance of a wallet that its transaction holds locked, as the API shows it.

    `wallet` is a `LockedWallet`, which only the services that move money may import.
    """
    balance = Balance(
        seller_id=wallet.seller_id,
        balance=wallet.balance,
        sequence=wallet.sequence,
        daily_limit=wallet.daily_limit,
        spent_today=wallet.spent_today,
        as_of=wallet.now,
    )
    return BalanceSerializer(balance).data


class BalanceQuerySerializer(serializers.Serializer[Any]):
    """The moment of a balance."""

    at = serializers.DateTimeField(required=False, help_text="Now, when not given or in the future.")


class StatementQuerySerializer(ListQuerySerializer):
    """The window of a statement."""

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
    total_credits = MoneyField(help_text="Sum of what was added to the balance.")
    total_debits = MoneyField(help_text="Sum of what was taken from it.")
    entries = serializers.IntegerField(help_text="How many there are on all pages.")
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = LedgerEntrySerializer(many=True, help_text="Oldest first.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {"from": serializers.DateTimeField(allow_null=True), **super().get_fields()}
