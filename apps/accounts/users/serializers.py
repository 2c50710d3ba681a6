"""Requests and answers about users."""

from typing import Any

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.validators import EmailValidator
from rest_framework import serializers

from apps.accounts.models import User
from apps.accounts.roles import INVITED, SellerRole, StaffRole
from apps.accounts.sellers.serializers import SellerSerializer
from apps.core.apidocs.examples import OPERATOR_ID, OWNER_ID
from apps.core.apidocs.swagger import example_of


class MeSerializer(serializers.ModelSerializer[User]):
    """The caller, its roles and its seller."""

    roles = serializers.ListField(child=serializers.ChoiceField(choices=[*StaffRole.values, *SellerRole.values]))
    seller = SellerSerializer(allow_null=True)

    class Meta:
        model = User
        fields = ("id", "username", "roles", "seller")
        swagger_schema_fields = {
            "example": {"id": OWNER_ID, "username": "mehr", "roles": ["owner"], "seller": example_of(SellerSerializer)}
        }


INVITED_ROLES = [(role.value, role.label) for role in SellerRole if role in INVITED]


class BlankableEmailField(serializers.CharField):
    """An address or an empty string, which the documented format of `EmailField` would forbid."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(EmailValidator())


class SellerUserSerializer(serializers.ModelSerializer[User]):
    """A user of a seller."""

    email = serializers.CharField(allow_blank=True)
    role = serializers.ChoiceField(choices=SellerRole.choices, source="seller_role")

    class Meta:
        model = User
        fields = ("id", "username", "email", "role", "is_active", "last_login")
        swagger_schema_fields = {
            "example": {
                "id": OPERATOR_ID,
                "username": "mehr-till-2",
                "email": "till@mehr.example",
                "role": "operator",
                "is_active": True,
                "last_login": None,
            }
        }


class SellerUserChangesSerializer(serializers.Serializer[Any]):
    """The members of an operator or a viewer that its owner may change."""

    email = BlankableEmailField(max_length=254, required=False, allow_blank=True)
    role = serializers.ChoiceField(choices=INVITED_ROLES, source="seller_role", required=False)
    is_active = serializers.BooleanField(required=False)
    password = serializers.CharField(max_length=128, trim_whitespace=False, required=False)

    class Meta:
        swagger_schema_fields = {"example": {"role": "viewer"}}


class PasswordChangeSerializer(serializers.Serializer[Any]):
    """The caller's password and the one to be used from now on."""

    current_password = serializers.CharField(max_length=128, trim_whitespace=False)
    new_password = serializers.CharField(max_length=128, trim_whitespace=False)

    class Meta:
        swagger_schema_fields = {
            "example": {"current_password": "pale-otter-91-lamp", "new_password": "deep-finch-64-gate"}
        }


class InvitationSerializer(serializers.Serializer[Any]):
    """A new user of the seller: operators sell and read, viewers read."""

    username = serializers.CharField(max_length=150, validators=[UnicodeUsernameValidator()])
    password = serializers.CharField(max_length=128, trim_whitespace=False)
    email = BlankableEmailField(max_length=254, required=False, allow_blank=True)
    role = serializers.ChoiceField(choices=INVITED_ROLES)

    class Meta:
        swagger_schema_fields = {
            "example": {
                "username": "mehr-till-2",
                "password": "warm-ibis-58-cup",
                "email": "till@mehr.example",
                "role": "operator",
            }
        }
