"""Requests and answers about sellers."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.validators import UnicodeUsernameValidator
from rest_framework import serializers

from apps.accounts.models import Seller, User
from apps.accounts.names import refuse_hidden
from apps.accounts.sellers import selectors
from apps.core.api.fields import MoneyField, PhoneNumberField, TextField
from apps.core.api.input import ListQuerySerializer
from apps.core.apidocs.examples import OWNER_ID, REGISTERED_AT, SELLER_ID
from apps.core.apidocs.swagger import example_of


class RegistrationSerializer(serializers.Serializer[Any]):
    """A company that asks to become a seller, with its owner's login."""

    username = serializers.CharField(max_length=150, validators=[UnicodeUsernameValidator()])
    password = serializers.CharField(max_length=128, trim_whitespace=False)
    email = serializers.EmailField(max_length=254)
    company_name = TextField(max_length=200, validators=[refuse_hidden])
    phone_number = PhoneNumberField(required=False)

    class Meta:
        swagger_schema_fields = {
            "example": {
                "username": "mehr",
                "password": "pale-otter-91-lamp",
                "email": "office@mehr.example",
                "company_name": "Mehr Mobile",
                "phone_number": "+989123456789",
            }
        }


class SellerCreationSerializer(RegistrationSerializer):
    """A new active seller, as an admin creates it."""

    daily_limit = MoneyField(required=False, allow_null=True)

    class Meta:
        swagger_schema_fields = {
            "example": {
                "username": "saba",
                "password": "tall-heron-37-desk",
                "email": "office@saba.example",
                "company_name": "Saba Charge",
                "daily_limit": "2000000.00",
            }
        }


class SellerBriefSerializer(serializers.ModelSerializer[Seller]):
    """A seller as registration shows it."""

    class Meta:
        model = Seller
        fields = ("id", "company_name", "status")
        swagger_schema_fields = {"example": {"id": SELLER_ID, "company_name": "Mehr Mobile", "status": "pending"}}


class RegisteredSerializer(serializers.ModelSerializer[User]):
    """The new owner and its seller."""

    seller = SellerBriefSerializer()

    class Meta:
        model = User
        fields = ("id", "username", "seller")
        swagger_schema_fields = {
            "example": {"id": OWNER_ID, "username": "mehr", "seller": example_of(SellerBriefSerializer)}
        }


class SellerSerializer(serializers.ModelSerializer[Seller]):
    """A seller with its balance."""

    daily_limit = MoneyField(allow_null=True)
    low_balance_alert = MoneyField(allow_null=True)
    balance = MoneyField(source="wallet.balance")
    sequence = serializers.IntegerField(source="wallet.sequence", help_text="Number of the newest ledger entry.")

    class Meta:
        model = Seller
        fields = (
            "id", "company_name", "email", "phone_number", "status", "daily_limit", "low_balance_alert",
            "require_idempotency_key", "balance", "sequence", "created_at",
        )  # fmt: skip
        swagger_schema_fields = {
            "example": {
                "id": SELLER_ID,
                "company_name": "Mehr Mobile",
                "email": "office@mehr.example",
                "phone_number": "+989123456789",
                "status": "active",
                "daily_limit": "2000000.00",
                "low_balance_alert": None,
                "require_idempotency_key": False,
                "balance": "450000.00",
                "sequence": 2,
                "created_at": REGISTERED_AT,
            }
        }


def render_seller(seller_id: UUID) -> Mapping[str, Any]:
    """Return a seller as the API shows it now."""
    return SellerSerializer(selectors.get_seller(seller_id)).data


class OwnSellerChangesSerializer(serializers.Serializer[Any]):
    """The members that a seller may change of itself."""

    email = serializers.EmailField(max_length=254, required=False)
    phone_number = PhoneNumberField(required=False)
    low_balance_alert = MoneyField(
        required=False,
        allow_null=True,
        help_text="Tell the seller (`balance.low`) when its balance falls below this; null: never. "
        "Only the seller's owner may change it.",
    )
    require_idempotency_key = serializers.BooleanField(
        required=False, help_text="Refuse charges without an `Idempotency-Key`. Only the seller's owner may change it."
    )

    class Meta:
        swagger_schema_fields = {
            "example": {
                "email": "money@mehr.example",
                "low_balance_alert": "100000.00",
                "require_idempotency_key": True,
            }
        }


class SellerChangesSerializer(OwnSellerChangesSerializer):
    """All members of a seller that may change; an admin or the owner may change each."""

    company_name = TextField(
        max_length=200, required=False, validators=[refuse_hidden], help_text="Only an admin may change it."
    )
    daily_limit = MoneyField(required=False, allow_null=True, help_text="Only an admin may change it.")

    class Meta:
        swagger_schema_fields = {"example": {"email": "money@mehr.example"}}


class AdminSellerChangesSerializer(SellerChangesSerializer):
    """The members that an admin may change of a seller."""

    # Takes the inherited fields away: they are the seller's own.
    low_balance_alert = None  # type: ignore[assignment]
    require_idempotency_key = None  # type: ignore[assignment]


class SellerQuerySerializer(ListQuerySerializer):
    """Filters of the list of sellers."""

    status = serializers.ChoiceField(choices=Seller.Status.choices, required=False)
    search = serializers.CharField(required=False, max_length=200, help_text="In company name, email and phone.")
