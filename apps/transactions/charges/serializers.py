"""The shape of a charge to sell."""

from typing import Any

from rest_framework import serializers

from apps.core.api.fields import MoneyField, PhoneNumberField


class ChargeRequestSerializer(serializers.Serializer[Any]):
    """A charge to sell."""

    phone_number = PhoneNumberField()
    amount = MoneyField()

    class Meta:
        swagger_schema_fields = {"example": {"phone_number": "+989123456789", "amount": "50000.00"}}
