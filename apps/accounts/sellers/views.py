"""Endpoints for registration and sellers."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from rest_framework import status
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.models import Seller
from apps.accounts.permissions import IsAdmin, IsStaffMember, MayEditSeller, MayRead, caller, visible_seller_id
from apps.accounts.proposals.serializers import ProposalSerializer
from apps.accounts.roles import ADMINS
from apps.accounts.sellers import selectors, services
from apps.accounts.sellers.serializers import (
    AdminSellerChangesSerializer,
    OwnSellerChangesSerializer,
    RegisteredSerializer,
    RegistrationSerializer,
    SellerChangesSerializer,
    SellerCreationSerializer,
    SellerQuerySerializer,
    SellerSerializer,
)
from apps.accounts.sessions.throttles import ACCOUNT_CHANGE_THROTTLES, RegistrationThrottle
from apps.accounts.sessions.views import PublicView
from apps.core.api.input import read_body, read_judged_body, read_query
from apps.core.api.pagination import paginated
from apps.core.apidocs.swagger import documented, page_of


def _read_company(serializer_class: type[RegistrationSerializer], request: Request) -> dict[str, Any]:
    judge = partial(services.judge_new_user, is_company=True)
    return read_judged_body(serializer_class, request, judge, "username", "email", "password")


class RegisterView(PublicView):
    throttle_classes = (RegistrationThrottle,)

    @documented(
        summary="Register a seller",
        request=RegistrationSerializer,
        answers={201: RegisteredSerializer},
        problems=["validation_error", "throttled"],
        tags=["auth"],
        public=True,
    )
    def post(self, request: Request) -> Response:
        """Create a pending seller and its owner. It may file credit requests at once, and sells once it is verified."""
        owner = services.create_seller(**_read_company(RegistrationSerializer, request))
        return Response(RegisteredSerializer(owner).data, status=status.HTTP_201_CREATED)


class SellerListView(APIView):
    def get_permissions(self) -> list[BasePermission]:
        return [IsStaffMember()] if self.request.method == "GET" else [IsAdmin()]

    @documented(
        summary="List sellers",
        query=SellerQuerySerializer,
        answers={200: page_of(SellerSerializer)},
        problems=["validation_error", "permission_denied"],
    )
    def get(self, request: Request) -> Response:
        """List all sellers, newest first. For staff."""
        sellers = selectors.list_sellers(**read_query(SellerQuerySerializer, request))
        return paginated(self, sellers, SellerSerializer)

    @documented(
        summary="Create a seller",
        request=SellerCreationSerializer,
        answers={201: SellerSerializer},
        problems=["validation_error", "permission_denied"],
    )
    def post(self, request: Request) -> Response:
        """Create an active seller with its owner. For admins."""
        body = _read_company(SellerCreationSerializer, request)
        owner = services.create_seller(**body, status=Seller.Status.ACTIVE, created_by=caller(request))
        assert owner.seller_id  # noqa: S101  (for the type checker)
        seller = selectors.get_seller(owner.seller_id)
        return Response(SellerSerializer(seller).data, status=status.HTTP_201_CREATED)


class SellerView(APIView):
    throttle_classes = ACCOUNT_CHANGE_THROTTLES

    def get_permissions(self) -> list[BasePermission]:
        return [MayRead()] if self.request.method == "GET" else [MayEditSeller()]

    @documented(summary="Get a seller", answers={200: SellerSerializer}, problems=["permission_denied", "not_found"])
    def get(self, request: Request, seller_id: UUID | str) -> Response:
        """Return one seller with its balance; `me` is the caller's own."""
        seller = selectors.get_seller(visible_seller_id(caller(request), seller_id))
        return Response(SellerSerializer(seller).data)

    @documented(
        summary="Change a seller",
        request=SellerChangesSerializer,
        answers={200: SellerSerializer, 202: ProposalSerializer},
        problems=["validation_error", "permission_denied", "not_found", "second_approver_needed"],
    )
    def patch(self, request: Request, seller_id: UUID | str) -> Response:
        """Change profile fields. A seller's owner may change `email`, `phone_number`, `low_balance_alert` and
        `require_idempotency_key`, an admin all others, `email` and `phone_number`.

        A new `low_balance_alert` is compared with the balance at once: `balance.low` or `balance.recovered` tells if
        the balance is now on the other side of it.

        A high daily limit may need two admins: the first call answers 202, and the same call of another admin sets it.
        """
        target = visible_seller_id(caller(request), seller_id)
        allowed = AdminSellerChangesSerializer if caller(request).staff_roles & ADMINS else OwnSellerChangesSerializer
        changes = read_body(allowed, request, shown=SellerSerializer)
        proposal = services.update_seller(seller_id=target, changes=changes, changed_by=caller(request))
        if proposal is not None:
            return Response(ProposalSerializer(proposal).data, status=status.HTTP_202_ACCEPTED)
        return Response(SellerSerializer(selectors.get_seller(target)).data)


def _step_view(step: Callable[..., None], *, summary: str, description: str, becomes: str) -> type[APIView]:
    """Return the view of one step in a seller's life, for admins; a seller that took it is `becomes`."""

    class SellerStepView(APIView):
        permission_classes = (IsAdmin,)

        @documented(
            summary=summary,
            description=description,
            answers={200: SellerSerializer},
            problems=("permission_denied", "not_found", "invalid_status_transition"),
            examples={200: {"status": becomes}},
        )
        def post(self, request: Request, seller_id: UUID) -> Response:
            step(seller_id=seller_id, changed_by=caller(request))
            return Response(SellerSerializer(selectors.get_seller(seller_id)).data)

    return SellerStepView


VerifySellerView = _step_view(
    services.verify_seller,
    summary="Verify a seller",
    description="Let a pending seller sell.",
    becomes="active",
)
SuspendSellerView = _step_view(
    services.suspend_seller,
    summary="Suspend a seller",
    description="Stop an active seller from selling, from its next request on.",
    becomes="suspended",
)
ReactivateSellerView = _step_view(
    services.reactivate_seller,
    summary="Reactivate a seller",
    description="Let a suspended seller sell again.",
    becomes="active",
)
