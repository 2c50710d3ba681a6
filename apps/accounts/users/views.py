"""Endpoints for the users of a seller: who may act for it."""

from typing import Any
from uuid import UUID

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.validators import EmailValidator
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.models import SellerRole, User
from apps.accounts.permissions import IsOwner, caller
from apps.accounts.sellers import services
from apps.accounts.users import services as users
from apps.core.api.input import ListQuerySerializer, read_body, read_query
from apps.core.api.pagination import paginated
from apps.core.apidocs.examples import OPERATOR_ID
from apps.core.apidocs.swagger import documented, page_of

# Owners are made by registration and by the platform.
INVITED_ROLES = [(role.value, role.label) for role in (SellerRole.OPERATOR, SellerRole.VIEWER)]
_PROBLEMS = ("validation_error", "permission_denied")


class BlankableEmailField(serializers.CharField):
    """An address or nothing. No `EmailField`: its documented format would forbid the nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(EmailValidator())


class SellerUserSerializer(serializers.ModelSerializer[User]):
    """Somebody who acts for a seller."""

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
    """What an owner may change of an operator or a viewer; other members are ignored."""

    email = BlankableEmailField(max_length=254, required=False, allow_blank=True)
    role = serializers.ChoiceField(choices=INVITED_ROLES, source="seller_role", required=False)
    is_active = serializers.BooleanField(required=False)
    password = serializers.CharField(max_length=128, trim_whitespace=False, required=False)

    class Meta:
        swagger_schema_fields = {"example": {"role": "viewer"}}


class InvitationSerializer(serializers.Serializer[Any]):
    """Somebody who is to act for the seller: operators sell and read, viewers read."""

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


class SellerUserListView(APIView):
    permission_classes = (IsOwner,)

    @documented(
        summary="List my users", query=ListQuerySerializer, answers={200: page_of(SellerUserSerializer)},
        problems=_PROBLEMS, tags=["sellers"],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """List who acts for the caller's seller, newest first. For owners."""
        read_query(ListQuerySerializer, request)
        return paginated(self, users.list_seller_users(_seller_id(request)), SellerUserSerializer)

    @documented(
        summary="Invite a user", request=InvitationSerializer, answers={201: SellerUserSerializer},
        problems=_PROBLEMS, tags=["sellers"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Let one more person or program act for the caller's seller. For owners."""
        body = read_body(InvitationSerializer, request)
        user = services.create_seller_user(seller_id=_seller_id(request), created_by=caller(request), **body)
        return Response(SellerUserSerializer(user).data, status=status.HTTP_201_CREATED)


class SellerUserView(APIView):
    permission_classes = (IsOwner,)

    @documented(
        summary="Get one of my users", answers={200: SellerUserSerializer},
        problems=("permission_denied", "not_found"), tags=["sellers"],
    )  # fmt: skip
    def get(self, request: Request, user_id: UUID) -> Response:
        """Return one user of the caller's seller. For owners."""
        return Response(SellerUserSerializer(users.get_seller_user(user_id, seller_id=_seller_id(request))).data)

    @documented(
        summary="Change one of my users", request=SellerUserChangesSerializer, answers={200: SellerUserSerializer},
        problems=(*_PROBLEMS, "not_found"), examples={200: {"role": "viewer"}}, tags=["sellers"],
    )  # fmt: skip
    def patch(self, request: Request, user_id: UUID) -> Response:
        """Change an operator or a viewer. A new password ends its sessions. For owners."""
        changes = read_body(SellerUserChangesSerializer, request)
        user = users.update_seller_user(
            user_id=user_id, seller_id=_seller_id(request), changes=changes, changed_by=caller(request)
        )
        return Response(SellerUserSerializer(user).data)

    @documented(
        summary="Deactivate one of my users", answers={204: None}, problems=("permission_denied", "not_found"),
        tags=["sellers"],
    )  # fmt: skip
    def delete(self, request: Request, user_id: UUID) -> Response:
        """Shut an operator or a viewer out, from its very next request on. Nobody is deleted. For owners."""
        users.deactivate_seller_user(user_id=user_id, seller_id=_seller_id(request), deactivated_by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _seller_id(request: Request) -> UUID:
    seller_id = caller(request).seller_id
    assert seller_id is not None  # noqa: S101  (an owner has a seller)
    return seller_id
