"""Endpoints for the users of a seller."""

from uuid import UUID

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.permissions import IsOwner, caller, own_seller_id
from apps.accounts.sellers import services
from apps.accounts.sessions.authentication import claims_of
from apps.accounts.sessions.throttles import ACCOUNT_CHANGE_THROTTLES, PendingSellerThrottle, failures_limited
from apps.accounts.users import services as users
from apps.accounts.users.serializers import (
    InvitationSerializer,
    MeSerializer,
    PasswordChangeSerializer,
    SellerUserChangesSerializer,
    SellerUserSerializer,
)
from apps.core.api.input import ListQuerySerializer, read_body, read_judged_body, read_query
from apps.core.api.pagination import paginated
from apps.core.apidocs.swagger import documented, page_of

_PROBLEMS = ("validation_error", "permission_denied")


class SellerUserListView(APIView):
    permission_classes = (IsOwner,)
    throttle_classes = (*ACCOUNT_CHANGE_THROTTLES, PendingSellerThrottle)

    @documented(
        summary="List my users", query=ListQuerySerializer, answers={200: page_of(SellerUserSerializer)},
        problems=_PROBLEMS, tags=["sellers"],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """List the users of the caller's seller, newest first. For owners."""
        read_query(ListQuerySerializer, request)
        return paginated(self, users.list_seller_users(own_seller_id(request)), SellerUserSerializer)

    @documented(
        summary="Invite a user", request=InvitationSerializer, answers={201: SellerUserSerializer},
        problems=(*_PROBLEMS, "user_limit_reached"), tags=["sellers"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Add a user, a person or a program, to the caller's seller. For owners."""
        judge = services.judge_new_user
        body = read_judged_body(InvitationSerializer, request, judge, "username", "email", "password")
        user = services.create_seller_user(seller_id=own_seller_id(request), created_by=caller(request), **body)
        return Response(SellerUserSerializer(user).data, status=status.HTTP_201_CREATED)


class SellerUserView(APIView):
    permission_classes = (IsOwner,)
    throttle_classes = ACCOUNT_CHANGE_THROTTLES

    @documented(
        summary="Get one of my users", answers={200: SellerUserSerializer},
        problems=("permission_denied", "not_found"), tags=["sellers"],
    )  # fmt: skip
    def get(self, request: Request, user_id: UUID) -> Response:
        """Return one user of the caller's seller. For owners."""
        return Response(SellerUserSerializer(users.get_seller_user(user_id, seller_id=own_seller_id(request))).data)

    @documented(
        summary="Change one of my users", request=SellerUserChangesSerializer, answers={200: SellerUserSerializer},
        problems=(*_PROBLEMS, "deactivated_by_staff", "not_found", "user_limit_reached"),
        examples={200: {"role": "viewer"}}, tags=["sellers"],
    )  # fmt: skip
    def patch(self, request: Request, user_id: UUID) -> Response:
        """Change an operator or a viewer. A new password ends its sessions. For owners."""
        changes = read_body(SellerUserChangesSerializer, request, shown=SellerUserSerializer)
        user = users.update_seller_user(
            user_id=user_id, seller_id=own_seller_id(request), changes=changes, changed_by=caller(request)
        )
        return Response(SellerUserSerializer(user).data)

    @documented(
        summary="Deactivate one of my users", answers={204: None}, problems=("permission_denied", "not_found"),
        tags=["sellers"],
    )  # fmt: skip
    def delete(self, request: Request, user_id: UUID) -> Response:
        """Deactivate an operator or a viewer, from its next request on. The user is kept. For owners."""
        users.deactivate_seller_user(user_id=user_id, seller_id=own_seller_id(request), deactivated_by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class PasswordView(APIView):
    @documented(
        summary="Change my password", request=PasswordChangeSerializer, answers={204: None},
        problems=("validation_error", "throttled"), tags=["auth"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Set a new password. All other sessions end; the one whose access token is sent lives on.

        Wrong current passwords are limited like failed logins.
        """
        body = read_body(PasswordChangeSerializer, request)
        user = caller(request)
        with failures_limited(request, user.username):
            users.change_own_password(user=user, session_id=claims_of(request).session_id, **body)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MeView(APIView):
    @documented(summary="Who am I", answers={200: MeSerializer}, tags=["auth"])
    def get(self, request: Request) -> Response:
        """Return the caller, its roles and its seller."""
        return Response(MeSerializer(caller(request)).data)
