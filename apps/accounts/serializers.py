"""Shapes of requests and answers about sellers and logins."""

from typing import Any

from django.contrib.auth.validators import UnicodeUsernameValidator
from rest_framework import serializers

from apps.accounts.models import Seller, SellerRole, StaffRole, User
from apps.core.fields import MoneyField, PhoneNumberField, TextField
from apps.core.request_input import ListQuerySerializer


class RegistrationSerializer(serializers.Serializer[Any]):
    """A company that asks to become a seller, with its owner's login."""

    username = serializers.CharField(max_length=150, validators=[UnicodeUsernameValidator()])
    password = serializers.CharField(max_length=128, trim_whitespace=False)
    email = serializers.EmailField(max_length=254)
    company_name = TextField(max_length=200)
    phone_number = PhoneNumberField(required=False)


class SellerCreationSerializer(RegistrationSerializer):
    """What an admin states to create an active seller."""

    daily_limit = MoneyField(required=False, allow_null=True)


class SellerBriefSerializer(serializers.ModelSerializer[Seller]):
    """A seller as registration shows it."""

    class Meta:
        model = Seller
        fields = ("id", "company_name", "status")


class RegisteredSerializer(serializers.ModelSerializer[User]):
    """The new owner and its seller."""

    seller = SellerBriefSerializer()

    class Meta:
        model = User
        fields = ("id", "username", "seller")


class SellerSerializer(serializers.ModelSerializer[Seller]):
    """A seller with its balance."""

    daily_limit = MoneyField(allow_null=True)
    balance = MoneyField(source="wallet.balance")
    sequence = serializers.IntegerField(source="wallet.sequence", help_text="Number of the newest ledger entry.")

    class Meta:
        model = Seller
        fields = (
            "id", "company_name", "email", "phone_number", "status", "daily_limit", "balance", "sequence", "created_at",
        )  # fmt: skip


class OwnSellerChangesSerializer(serializers.Serializer[Any]):
    """What a seller may change of itself; other members are ignored."""

    email = serializers.EmailField(max_length=254, required=False)
    phone_number = PhoneNumberField(required=False)


class SellerChangesSerializer(OwnSellerChangesSerializer):
    """What an admin may change of a seller; other members are ignored."""

    company_name = TextField(max_length=200, required=False)
    daily_limit = MoneyField(required=False, allow_null=True)


class SellerQuerySerializer(ListQuerySerializer):
    """Filters of the list of sellers."""

    status = serializers.ChoiceField(choices=Seller.Status.choices, required=False)
    search = serializers.CharField(required=False, max_length=200, help_text="In company name, email and phone.")


class CredentialsSerializer(serializers.Serializer[Any]):
    """A login."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=128, trim_whitespace=False)


class RefreshSerializer(serializers.Serializer[Any]):
    """The refresh token of a session."""

    refresh = serializers.CharField(max_length=2_000)


class TokenPairSerializer(serializers.Serializer[Any]):
    """An access token (15 minutes) and the refresh token that gets the next one (1 day, single use)."""

    access = serializers.CharField()
    refresh = serializers.CharField()


class MeSerializer(serializers.ModelSerializer[User]):
    """Who the caller is."""

    roles = serializers.ListField(child=serializers.ChoiceField(choices=[*StaffRole.values, *SellerRole.values]))
    seller = SellerSerializer(allow_null=True)

    class Meta:
        model = User
        fields = ("id", "username", "roles", "seller")
