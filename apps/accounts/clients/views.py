"""Endpoints of API clients, and of their tokens."""

from uuid import UUID

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.clients import oauth, services
from apps.accounts.clients.serializers import (
    ApiClientCreationSerializer,
    ApiClientSecretSerializer,
    ApiClientSerializer,
    ClientTokenSerializer,
    OAuthErrorSerializer,
    TokenRequestSerializer,
)
from apps.accounts.models import ApiClient
from apps.accounts.permissions import IsOwner, caller, own_seller_id
from apps.accounts.sessions.throttles import (
    ACCOUNT_CHANGE_THROTTLES,
    LoginThrottle,
    PendingSellerThrottle,
    failures_limited,
)
from apps.accounts.sessions.views import PublicView
from apps.core.api.input import ListQuerySerializer, read_body, read_query
from apps.core.api.pagination import KeysetPagination, paginated
from apps.core.api.parsers import StrictFormParser, StrictJSONParser
from apps.core.apidocs.swagger import documented, page_of

_OWN = ("permission_denied", "not_found")
_INVALID_CLIENT = {"error": "invalid_client", "error_description": "No active client with these credentials."}
_BUSY = {"error": "temporarily_unavailable", "error_description": "Send the request again."}


class NewestClientFirst(KeysetPagination):
    ordering = "-pk"


class TokenView(PublicView):
    throttle_classes = (LoginThrottle,)
    parser_classes = (StrictFormParser, StrictJSONParser)

    @documented(
        summary="Get a token for a client",
        request=TokenRequestSerializer,
        answers={200: ClientTokenSerializer, **dict.fromkeys((400, 401, 413, 415, 429, 503), OAuthErrorSerializer)},
        examples={401: _INVALID_CLIENT, 429: _BUSY, 503: _BUSY},
        tags=["auth"],
        public=True,
    )
    def post(self, request: Request) -> Response:
        """Exchange the id and the secret of an API client for an access token: OAuth 2.0, client credentials.

        The body is a form (`application/x-www-form-urlencoded`) or JSON; id and secret are in it or in HTTP Basic.
        Refusals have the form of RFC 6749, section 5.2, not of problem documents.
        """
        credentials = oauth.read_credentials(request)
        with failures_limited(request, credentials.client_id):
            token = services.issue_token(client_id=credentials.client_id, client_secret=credentials.client_secret)
        return Response(ClientTokenSerializer(token).data, headers={"Pragma": "no-cache"})

    def handle_exception(self, exc: Exception) -> Response:
        """Answer a refusal as OAuth has it."""
        if isinstance(exc, oauth.OAuthError):
            return oauth.answer(exc, {})
        problem = super().handle_exception(exc)
        error = oauth.error_of(problem)
        return oauth.answer(error, problem.headers) if error else problem


class ApiClientListView(APIView):
    permission_classes = (IsOwner,)
    throttle_classes = (*ACCOUNT_CHANGE_THROTTLES, PendingSellerThrottle)

    @documented(
        summary="List my API clients", query=ListQuerySerializer, answers={200: page_of(ApiClientSerializer)},
        problems=["permission_denied"], tags=["api-clients"],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """List the programs of the caller's seller, revoked ones too, newest first. For owners."""
        read_query(ListQuerySerializer, request)
        clients = services.list_clients(own_seller_id(request))
        return paginated(self, clients, ApiClientSerializer, pagination=NewestClientFirst)

    @documented(
        summary="Create an API client", request=ApiClientCreationSerializer, answers={201: ApiClientSecretSerializer},
        problems=["permission_denied", "client_limit_reached"], tags=["api-clients"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Create a program of the caller's seller. Its secret is shown this once. For owners."""
        body = read_body(ApiClientCreationSerializer, request)
        client, secret = services.create_client(**body, seller_id=own_seller_id(request), created_by=caller(request))
        return _with_secret(client, secret, status.HTTP_201_CREATED)


class ApiClientView(APIView):
    permission_classes = (IsOwner,)

    @documented(
        summary="Get one of my API clients", answers={200: ApiClientSerializer}, problems=_OWN, tags=["api-clients"]
    )
    def get(self, request: Request, client_id: UUID) -> Response:
        """Return one program of the caller's seller. For owners."""
        client = services.get_client(client_id, seller_id=own_seller_id(request))
        return Response(ApiClientSerializer(client).data)

    @documented(summary="Revoke one of my API clients", answers={204: None}, problems=_OWN, tags=["api-clients"])
    def delete(self, request: Request, client_id: UUID) -> Response:
        """End a program and its tokens, from its next request on and for good. For owners."""
        services.revoke_client(client_id=client_id, seller_id=own_seller_id(request), revoked_by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RotateSecretView(APIView):
    permission_classes = (IsOwner,)

    @documented(
        summary="Rotate the secret of an API client", answers={200: ApiClientSecretSerializer},
        problems=(*_OWN, "client_revoked"), tags=["api-clients"],
    )  # fmt: skip
    def post(self, request: Request, client_id: UUID) -> Response:
        """Make a new secret, shown this once. The present one works for 24 more hours; the one before it ends."""
        client, secret = services.rotate_secret(
            client_id=client_id, seller_id=own_seller_id(request), rotated_by=caller(request)
        )
        return _with_secret(client, secret, status.HTTP_200_OK)


def _with_secret(client: ApiClient, secret: str, status_code: int) -> Response:
    client.client_secret = secret  # type: ignore[attr-defined]  # of this answer alone
    return Response(ApiClientSecretSerializer(client).data, status=status_code)
