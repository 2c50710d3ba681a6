"""Endpoints of operators and deliveries."""

from uuid import UUID

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.models import Proposal
from apps.accounts.permissions import IsAdmin, MayRead, caller, seller_scope
from apps.accounts.proposals.serializers import ProposalSerializer
from apps.accounts.second_factor.permissions import HasSteppedUp
from apps.core.api.input import ListQuerySerializer, read_body, read_query
from apps.core.api.pagination import KeysetPagination, paginated
from apps.core.apidocs.swagger import documented, page_of
from apps.delivery import selectors, services
from apps.delivery.models import Delivery
from apps.delivery.routing import is_ported_possible, routes
from apps.delivery.serializers import (
    DeliveryQuerySerializer,
    DeliverySerializer,
    LookupQuerySerializer,
    LookupSerializer,
    OperatorSerializer,
    ResolutionSerializer,
)
from apps.transactions.charges.routing import OperatorNotFound


class _ByCode(KeysetPagination):
    ordering = "code"


class _ByEntry(KeysetPagination):
    ordering = "-entry_id"


class OperatorListView(APIView):
    permission_classes = (MayRead,)

    @documented(
        summary="List operators",
        query=ListQuerySerializer,
        answers={200: page_of(OperatorSerializer)},
        problems=["validation_error", "permission_denied"],
    )
    def get(self, request: Request) -> Response:
        """List the mobile operators that charges are delivered by, and the amounts that each sells."""
        read_query(ListQuerySerializer, request)
        return paginated(self, selectors.list_operators(), OperatorSerializer, pagination=_ByCode)


class LookupView(APIView):
    permission_classes = (MayRead,)

    @documented(
        summary="Look up the operator of a number",
        query=LookupQuerySerializer,
        answers={200: LookupSerializer},
        problems=["validation_error", "permission_denied", "operator_not_found"],
    )
    def get(self, request: Request) -> Response:
        """Return the operator by the range of the number: a guess where numbers can be ported."""
        number = read_query(LookupQuerySerializer, request)["phone_number"]
        routes.refresh()
        operator = routes.lookup(number)
        if not operator:
            raise OperatorNotFound("No operator is known to serve this number.")
        answer = {"phone_number": number, "operator": operator, "is_ported_possible": is_ported_possible(number)}
        return Response(LookupSerializer(answer).data)


class DeliveryListView(APIView):
    permission_classes = (MayRead,)

    @documented(
        summary="List deliveries",
        query=DeliveryQuerySerializer,
        answers={200: page_of(DeliverySerializer)},
        problems=["validation_error", "permission_denied"],
    )
    def get(self, request: Request) -> Response:
        """List what became of charges at their operators, newest first; a seller sees its own."""
        filters = read_query(DeliveryQuerySerializer, request)
        scope = seller_scope(caller(request))
        if scope is not None and filters.setdefault("seller", scope) != scope:
            return paginated(self, Delivery.objects.none(), DeliverySerializer, pagination=_ByEntry)
        return paginated(self, selectors.list_deliveries(**filters), DeliverySerializer, pagination=_ByEntry)


class DeliveryView(APIView):
    permission_classes = (MayRead,)

    @documented(
        summary="Get a delivery", answers={200: DeliverySerializer}, problems=["permission_denied", "not_found"]
    )
    def get(self, request: Request, delivery_id: UUID) -> Response:
        """Return what became of one charge; the id is that of its transaction."""
        found = selectors.get_delivery(delivery_id, seller_scope=seller_scope(caller(request)))
        return Response(DeliverySerializer(found).data)


class ResolveView(APIView):
    permission_classes = (IsAdmin, HasSteppedUp)

    @documented(
        summary="Resolve an unknown delivery",
        request=ResolutionSerializer,
        answers={200: DeliverySerializer, 202: ProposalSerializer},
        problems=[
            "validation_error", "permission_denied", "not_found", "invalid_status_transition",
            "second_approver_needed", "step_up_required",
        ],
    )  # fmt: skip
    def post(self, request: Request, delivery_id: UUID) -> Response:
        """Settle a delivery whose outcome the operator does not tell; `failed` gives the money back. For admins.

        A large amount may need two admins: the first call answers 202, and the same call of another admin settles.
        """
        body = read_body(ResolutionSerializer, request)
        found = services.resolve_delivery(delivery_id=delivery_id, resolved_by_id=caller(request).pk, **body)
        if isinstance(found, Proposal):
            return Response(ProposalSerializer(found).data, status=status.HTTP_202_ACCEPTED)
        return Response(DeliverySerializer(found).data)
