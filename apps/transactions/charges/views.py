"""The endpoint that sells one charge."""

from typing import Final

from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.sessions.authentication import ClaimsAuthentication, claims_of
from apps.core.api.idempotency import InvalidIdempotencyKey, parse_idempotency_key
from apps.core.api.input import read_body
from apps.core.apidocs.swagger import IDEMPOTENCY_KEY, documented
from apps.core.errors import DomainError
from apps.transactions.charges import services
from apps.transactions.charges.refusals import count_refusals
from apps.transactions.charges.serializers import ChargeRequestSerializer
from apps.transactions.charges.throttles import ChargeThrottle
from apps.transactions.entries.serializers import (
    LedgerEntrySerializer,
)

_render_entry: Final = LedgerEntrySerializer().to_representation


class ChargeListView(APIView):
    # The use case checks session, user, role and seller in its one locking query.
    authentication_classes = (ClaimsAuthentication,)
    throttle_classes = (ChargeThrottle,)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer, and count what was refused for the back office."""
        if isinstance(exc, DomainError):
            count_refusals([exc])
        return super().handle_exception(exc)

    @documented(
        summary="Sell a charge",
        request=ChargeRequestSerializer,
        answers={201: LedgerEntrySerializer},
        problems=[
            "validation_error", "invalid_idempotency_key", "invalid_token", "permission_denied", "seller_not_active",
            "insufficient_balance", "daily_limit_exceeded", "idempotency_key_reused", "throttled",
        ],
        headers=[IDEMPOTENCY_KEY],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Sell credit to a phone number, for owners and operators of a seller.

        With an `Idempotency-Key` the request can be sent again safely: it sells once, and a repeat gets the same
        answer with `Idempotent-Replayed: true`.
        """
        try:
            key = parse_idempotency_key(request.headers.get("Idempotency-Key"))
            charge = read_body(ChargeRequestSerializer, request)
        except (APIException, InvalidIdempotencyKey):
            services.check_may_sell(claims_of(request))  # whoever may not sell is told that first
            raise
        sale = services.sell_charge(claims=claims_of(request), idempotency_key=key, **charge)
        headers = {"Idempotent-Replayed": "true"} if sale.replayed else None
        return Response(_render_entry(sale.entry), status=status.HTTP_201_CREATED, headers=headers)
