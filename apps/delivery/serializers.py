"""Shapes of the requests and answers about operators and deliveries."""

from typing import Any

from rest_framework import serializers

from apps.core.api.fields import MoneyField, PhoneNumberField, TextField
from apps.core.api.input import ListQuerySerializer
from apps.core.apidocs.examples import SALE_ENTRY_ID, SELLER_ID, SOLD_AT
from apps.delivery.models import Attempt, Delivery, DeliveryStatus, Operator
from apps.delivery.selectors import products_of

MAX_AGE_SECONDS = 10 * 365 * 86_400


class ProductSerializer(serializers.Serializer[Any]):
    """Amounts that an operator sells: any of a range (`min`, `max`), or fixed ones (`amounts`)."""

    kind = serializers.ChoiceField(choices=["range", "fixed"])
    min = MoneyField(required=False)
    max = MoneyField(required=False)
    amounts = serializers.ListField(child=MoneyField(), required=False)

    class Meta:
        swagger_schema_fields = {"example": {"kind": "range", "min": "10000.00", "max": "2000000.00"}}


class OperatorSerializer(serializers.Serializer[Operator]):
    """A mobile operator, and what it sells."""

    code = serializers.CharField()
    name = serializers.CharField()
    products = ProductSerializer(many=True)
    is_available = serializers.BooleanField(source="is_open", help_text="False: it takes no charges now.")

    class Meta:
        swagger_schema_fields = {
            "example": {
                "code": "mci",
                "name": "Hamrah-e Avval",
                "products": [{"kind": "range", "min": "10000.00", "max": "2000000.00"}],
                "is_available": True,
            }
        }

    def to_representation(self, operator: Operator) -> dict[str, object]:
        """Return the operator without its settings, which only staff see, in the back office."""
        return {
            "code": operator.code,
            "name": operator.name,
            "products": ProductSerializer(products_of(operator), many=True).data,
            "is_available": operator.is_open,
        }


class LookupQuerySerializer(serializers.Serializer[Any]):
    """The number whose operator is looked up."""

    phone_number = PhoneNumberField()


class LookupSerializer(serializers.Serializer[Any]):
    """The operator to which a number was first given."""

    phone_number = PhoneNumberField()
    operator = serializers.CharField()
    is_ported_possible = serializers.BooleanField(
        help_text="True: numbers of this country may have moved to another operator; a charge can name that one."
    )

    class Meta:
        swagger_schema_fields = {
            "example": {"phone_number": "+989123456789", "operator": "mci", "is_ported_possible": True}
        }


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    """One word between us and the operator. `outcome` is what it means."""

    class Meta:
        model = Attempt
        fields = ("kind", "outcome", "milliseconds", "at")
        swagger_schema_fields = {
            "example": {"kind": "submit", "outcome": "delivered", "milliseconds": 48, "at": SOLD_AT}
        }


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """What became of a charge at its operator. `id` is the charge's, and the reference at the operator."""

    id = serializers.UUIDField(source="pk")
    seller = serializers.UUIDField(source="seller_id")
    operator = serializers.CharField(source="operator_id")
    phone_number = PhoneNumberField(source="entry.phone_number")
    amount = MoneyField(source="entry.worth", help_text="What arrives at the phone, whatever its price.")
    operator_reference = serializers.SerializerMethodField()
    message = serializers.CharField(allow_blank=True, help_text="The operator's own words.")
    attempts = AttemptSerializer(source="attempts_made", many=True, help_text="Oldest first.")

    class Meta:
        model = Delivery
        fields = (
            "id", "seller", "operator", "phone_number", "amount", "status", "operator_reference", "message",
            "attempts", "created_at", "updated_at", "next_step_at",
        )  # fmt: skip
        swagger_schema_fields: dict[str, Any] = {
            "example": {
                "id": SALE_ENTRY_ID,
                "seller": SELLER_ID,
                "operator": "mci",
                "phone_number": "+989123456789",
                "amount": "50000.00",
                "status": "delivered",
                "operator_reference": "MCI-77120",
                "message": "",
                "attempts": [{"kind": "submit", "outcome": "delivered", "milliseconds": 48, "at": SOLD_AT}],
                "created_at": SOLD_AT,
                "updated_at": SOLD_AT,
                "next_step_at": None,
            }
        }

    def get_operator_reference(self, delivery: Delivery) -> str | None:
        return delivery.operator_reference or None


class DeliveryQuerySerializer(ListQuerySerializer):
    """Filters of the list of deliveries."""

    status = serializers.ChoiceField(choices=DeliveryStatus.choices, required=False)
    seller = serializers.UUIDField(required=False)
    operator = serializers.CharField(required=False, max_length=32)
    older_than = serializers.IntegerField(
        required=False, min_value=0, max_value=MAX_AGE_SECONDS, help_text="Seconds since the sale."
    )


class ResolutionSerializer(serializers.Serializer[Any]):
    """What a person found out about a delivery, and how."""

    outcome = serializers.ChoiceField(choices=["delivered", "failed"])
    reason = TextField()

    class Meta:
        swagger_schema_fields = {"example": {"outcome": "failed", "reason": "The operator's desk says so: ticket 4711"}}
