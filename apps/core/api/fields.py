"""Serializer fields for money, phone numbers and text."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.core.api.idempotency import InvalidIdempotencyKey, parse_idempotency_key
from apps.core.values.money import MAX_AMOUNT, format_money, parse_amount
from apps.core.values.phones import normalize_mobile

_NO_CONTROL_CHARACTERS = RegexValidator(
    r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$",
    _("Control characters are not allowed."),
    code="control_characters_not_allowed",
)


class MoneyField(serializers.Field[Decimal, Any, str, Any]):
    """An amount of money greater than zero: reads a JSON string or number, writes a string with two places."""

    default_error_messages = {"invalid": _("Not an amount of money.")}

    def __init__(self, *, allow_zero: bool = False, **kwargs: Any) -> None:
        self.allow_zero = allow_zero
        super().__init__(**kwargs)

    class Meta:
        swagger_schema_fields = {
            "type": "string",
            "format": "decimal",
            "description": f"Decimal string with two places, in {settings.CURRENCY}. "
            f"In a request: plain digits, at most {MAX_AMOUNT}.",
            "example": "50000.00",
        }

    def to_internal_value(self, data: object) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, (str, int)):
            self.fail("invalid")
        try:
            return parse_amount(str(data), allow_zero=self.allow_zero)
        except ValueError as error:
            raise serializers.ValidationError(gettext(str(error)), code="invalid_amount") from error

    def to_representation(self, value: Decimal) -> str:
        return format_money(value)


class PhoneNumberField(serializers.CharField):
    """A mobile phone number: reads national or international form, writes E.164."""

    class Meta:
        swagger_schema_fields = {
            "type": "string",
            "format": "phone",
            "description": "Mobile number, national (default region) or international, in digits of any script; "
            "returned as E.164.",
            "example": "+989123456789",
        }

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            return normalize_mobile(data.strip())
        except ValueError as error:
            raise serializers.ValidationError(gettext(str(error)), code="invalid_phone_number") from error


class IdempotencyKeyField(serializers.CharField):
    """An idempotency key in a body or a query: the same characters as in the header."""

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            return parse_idempotency_key(data)
        except InvalidIdempotencyKey as error:
            raise serializers.ValidationError(error.message, code=error.code) from error


class TextField(serializers.CharField):
    """Trimmed text of one or several lines, without control characters."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 500)
        super().__init__(**kwargs)
        self.validators.append(_NO_CONTROL_CHARACTERS)
