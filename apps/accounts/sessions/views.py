"""Endpoints of sessions: log in, refresh, log out."""

from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.permissions import caller
from apps.accounts.sessions import services as sessions
from apps.accounts.sessions.login_events import Door
from apps.accounts.sessions.serializers import (
    CredentialsSerializer,
    RefreshSerializer,
    StaffCredentialsSerializer,
    TokenPairSerializer,
)
from apps.accounts.sessions.throttles import LoginThrottle, failures_limited
from apps.core.api.input import read_body
from apps.core.apidocs.swagger import documented


class PublicView(APIView):
    """An endpoint for callers that have no token yet."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class LoginView(PublicView):
    throttle_classes = (LoginThrottle,)
    door: Door
    credentials_class: type[CredentialsSerializer] = CredentialsSerializer

    def login(self, request: Request) -> Response:
        credentials = read_body(self.credentials_class, request)
        with failures_limited(request, credentials["username"]):
            pair = sessions.open_session(**credentials, door=self.door)
        return Response(TokenPairSerializer(pair).data)


class SellerLoginView(LoginView):
    door = Door.SELLER

    @documented(
        summary="Log in as a user of a seller",
        request=CredentialsSerializer,
        answers={200: TokenPairSerializer},
        problems=["validation_error", "invalid_credentials", "throttled"],
        tags=["auth"],
        public=True,
    )
    def post(self, request: Request) -> Response:
        """Begin a session. Staff who belong to no seller are refused here."""
        return self.login(request)


class AdminLoginView(LoginView):
    door = Door.STAFF
    credentials_class = StaffCredentialsSerializer

    @documented(
        summary="Log in as staff",
        request=StaffCredentialsSerializer,
        answers={200: TokenPairSerializer},
        problems=["validation_error", "invalid_credentials", "otp_required", "invalid_otp", "throttled"],
        tags=["auth"],
        public=True,
    )
    def post(self, request: Request) -> Response:
        """Begin a session. Users of sellers are refused here. Staff with a second factor send its code as `otp`."""
        return self.login(request)


class RefreshView(PublicView):
    @documented(
        summary="Exchange a refresh token",
        request=RefreshSerializer,
        answers={200: TokenPairSerializer},
        problems=["validation_error", "invalid_token"],
        tags=["auth"],
        public=True,
    )
    def post(self, request: Request) -> Response:
        """Get a new pair. Each refresh token works once; using a spent one ends the session."""
        pair = sessions.rotate_session(**read_body(RefreshSerializer, request))
        return Response(TokenPairSerializer(pair).data)


class LogoutView(PublicView):
    @documented(
        summary="Log out",
        request=RefreshSerializer,
        answers={204: None},
        problems=["validation_error", "invalid_token"],
        tags=["auth"],
        public=True,
    )
    def post(self, request: Request) -> Response:
        """End the session: its access and refresh tokens stop working at once."""
        sessions.close_session(**read_body(RefreshSerializer, request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class LogoutEverywhereView(APIView):
    @documented(summary="Log out everywhere", answers={204: None}, tags=["auth"])
    def post(self, request: Request) -> Response:
        """End every session of the caller, this one too: their tokens stop working at once."""
        sessions.close_all_sessions(user=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
