"""Shapes of balances and statements."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from apps.core.api.fields import MoneyField
from apps.core.api.input import ListQuerySerializer
from apps.core.apidocs.examples import REVERSED_AT, SELLER_ID
from apps.core.values.money import format_money
from apps.core.values.months import Month
from apps.core.values.times import format_time
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


def render_balance(balance: Balance) -> dict[str, object]:
    """Return a balance as `BalanceSerializer` describes it."""
    return {
        "seller_id": str(balance.seller_id),
        "balance": format_money(balance.balance),
        "sequence": balance.sequence,
        "daily_limit": None if balance.daily_limit is None else format_money(balance.daily_limit),
        "spent_today": format_money(balance.spent_today),
        "available_today": None if balance.available_today is None else format_money(balance.available_today),
        "as_of": format_time(balance.as_of),
    }


class BalanceQuerySerializer(serializers.Serializer[Any]):
    """The moment of a balance."""

    at = serializers.DateTimeField(required=False, help_text="Now, when not given or in the future.")


class StatementQuerySerializer(ListQuerySerializer):
    """The window of a statement."""

    to = serializers.DateTimeField(
        required=False, help_text="Before this moment. Now, when not given or in the future."
    )

    month = serializers.CharField(
        required=False,
        max_length=8,
        help_text="In place of both: a calendar month of the business, 2026-10 or (Solar Hijri) 1405-07.",
    )

    def validate_month(self, text: str) -> Month:
        """Return the month; refuse one that has not begun."""
        try:
            month = Month.read(text)
        except ValueError as error:
            raise serializers.ValidationError(_(str(error))) from error
        if month.begin > timezone.now():
            raise serializers.ValidationError(_("This month has not begun."))
        return month

    def validate(self, attrs: Any) -> Any:
        """Return the window, also of a month."""
        month = attrs.pop("month", None)
        if month is None:
            return attrs
        if "from" in attrs or "to" in attrs:
            raise serializers.ValidationError({"month": [_("Give a month, or `from` and `to`.")]})
        return {**attrs, "from": month.begin, "to": month.end, "is_month": True}

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
