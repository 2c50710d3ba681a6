"""The ceiling that the framework sets: everything around a charge, without its work."""

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.sessions.authentication import ClaimsAuthentication, claims_of


class CeilingView(APIView):
    """Check a token's signature, parse a small JSON body and answer one. No database."""

    authentication_classes = (ClaimsAuthentication,)

    def post(self, request: Request) -> Response:
        """Return what was sent and who sent it."""
        answer = {"seller": str(claims_of(request).seller_id), "received": request.data}
        return Response(answer, status=status.HTTP_201_CREATED)
