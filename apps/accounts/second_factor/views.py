"""Endpoint of the second factor."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.permissions import IsStaffMember, caller
from apps.accounts.second_factor import services
from apps.accounts.second_factor.serializers import SteppedUpSerializer, StepUpSerializer
from apps.core.api.input import read_body
from apps.core.apidocs.swagger import documented


class StepUpView(APIView):
    permission_classes = (IsStaffMember,)

    @documented(
        summary="Step up",
        request=StepUpSerializer,
        answers={200: SteppedUpSerializer},
        problems=["validation_error", "invalid_otp", "permission_denied"],
        tags=["auth"],
    )
    def post(self, request: Request) -> Response:
        """Give the second factor again, so that this session may move money for ten minutes. For staff."""
        services.step_up(
            user=caller(request),
            session_id=request.auth.session_id,  # type: ignore[union-attr]  # our Claims
            **read_body(StepUpSerializer, request),
        )
        return Response({"expires_in": int(services.FRESH_FOR.total_seconds())})
