"""Endpoints of the API for webhooks, for owners of a seller."""

from typing import Any
from uuid import UUID

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.permissions import IsOwner, caller
from apps.accounts.sessions.throttles import PendingSellerThrottle, RequestThrottle
from apps.core.api.input import ListQuerySerializer, read_body, read_query
from apps.core.api.pagination import paginated
from apps.core.apidocs.examples import WEBHOOK_ROTATED_UNTIL
from apps.core.apidocs.swagger import documented, page_of
from apps.notifications.models import WebhookEndpoint
from apps.notifications.webhooks import selectors, services
from apps.notifications.webhooks.serializers import (
    NewWebhookEndpointSerializer,
    WebhookDeliveryQuerySerializer,
    WebhookDeliverySerializer,
    WebhookEndpointChangesSerializer,
    WebhookEndpointSerializer,
    WebhookSecretSerializer,
)
from apps.notifications.webhooks.throttles import WebhookSendThrottle

_OWN = ("permission_denied", "not_found")
_UNSENT: dict[int, dict[str, Any]] = {202: {"status": "pending", "next_try_at": None, "attempts": []}}


def _seller_id(request: Request) -> UUID:
    seller_id = caller(request).seller_id
    assert seller_id is not None  # noqa: S101  (an owner has a seller)
    return seller_id


def _with_secret(endpoint: WebhookEndpoint, secret: str) -> dict[str, object]:
    return {**WebhookEndpointSerializer(endpoint).data, "secret": secret}


class WebhookEndpointListView(APIView):
    permission_classes = (IsOwner,)
    throttle_classes = (RequestThrottle, PendingSellerThrottle)

    @documented(
        summary="List webhook endpoints", query=ListQuerySerializer,
        answers={200: page_of(WebhookEndpointSerializer)}, problems=("permission_denied",),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """List the webhook endpoints of the caller's seller, newest first. For owners."""
        read_query(ListQuerySerializer, request)
        return paginated(self, selectors.list_endpoints(_seller_id(request)), WebhookEndpointSerializer)

    @documented(
        summary="Add a webhook endpoint", request=NewWebhookEndpointSerializer, answers={201: WebhookSecretSerializer},
        problems=("permission_denied", "webhook_endpoint_limit_reached"),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Send the events of the caller's seller to a URL from now on. For owners; at most 5.

        `secret` verifies them (Standard Webhooks). It is shown this once.
        """
        body = read_body(NewWebhookEndpointSerializer, request)
        endpoint, secret = services.create_endpoint(created_by=caller(request), **body)
        return Response(_with_secret(endpoint, secret), status=status.HTTP_201_CREATED)


class WebhookEndpointView(APIView):
    permission_classes = (IsOwner,)

    @documented(summary="Get a webhook endpoint", answers={200: WebhookEndpointSerializer}, problems=_OWN)
    def get(self, request: Request, endpoint_id: UUID) -> Response:
        """Return one webhook endpoint, without its secret. For owners."""
        endpoint = selectors.get_endpoint(endpoint_id, seller_id=_seller_id(request))
        return Response(WebhookEndpointSerializer(endpoint).data)

    @documented(
        summary="Change a webhook endpoint", request=WebhookEndpointChangesSerializer,
        answers={200: WebhookEndpointSerializer}, problems=_OWN, examples={200: {"event_types": None}},
    )  # fmt: skip
    def patch(self, request: Request, endpoint_id: UUID) -> Response:
        """Change address, types of events or description, or disable and enable. For owners.

        What waits for an endpoint when it is disabled fails; `GET events/` has what it missed.
        """
        changes = read_body(WebhookEndpointChangesSerializer, request, shown=WebhookEndpointSerializer)
        endpoint = services.update_endpoint(endpoint_id=endpoint_id, changes=changes, changed_by=caller(request))
        return Response(WebhookEndpointSerializer(endpoint).data)

    @documented(summary="Remove a webhook endpoint", answers={204: None}, problems=_OWN)
    def delete(self, request: Request, endpoint_id: UUID) -> Response:
        """Send nothing there any more. For owners."""
        services.remove_endpoint(endpoint_id=endpoint_id, removed_by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RotateSecretView(APIView):
    permission_classes = (IsOwner,)

    @documented(
        summary="Rotate a webhook secret", answers={200: WebhookSecretSerializer}, problems=_OWN,
        examples={200: {"former_secret_expires_at": WEBHOOK_ROTATED_UNTIL}},
    )  # fmt: skip
    def post(self, request: Request, endpoint_id: UUID) -> Response:
        """Return a new secret, shown this once. For 24 hours the former one signs as well. For owners.

        After a second rotation the secret before the former one is good no more.
        """
        endpoint, secret = services.rotate_secret(endpoint_id=endpoint_id, rotated_by=caller(request))
        return Response(_with_secret(endpoint, secret))


class TestWebhookView(APIView):
    permission_classes = (IsOwner,)
    throttle_classes = (RequestThrottle, WebhookSendThrottle)

    @documented(
        summary="Test a webhook endpoint", answers={202: WebhookDeliverySerializer}, problems=_OWN,
        examples={202: {**_UNSENT[202], "event_type": "webhook_endpoint.test"}},
    )  # fmt: skip
    def post(self, request: Request, endpoint_id: UUID) -> Response:
        """Send an event of the type `webhook_endpoint.test` there, once; its delivery shows the answer. For owners."""
        delivery = services.send_test(endpoint_id=endpoint_id, asked_by=caller(request))
        return Response(WebhookDeliverySerializer(delivery).data, status=status.HTTP_202_ACCEPTED)


class WebhookDeliveryListView(APIView):
    permission_classes = (IsOwner,)

    @documented(
        summary="List deliveries of a webhook endpoint", query=WebhookDeliveryQuerySerializer,
        answers={200: page_of(WebhookDeliverySerializer)}, problems=_OWN,
    )  # fmt: skip
    def get(self, request: Request, endpoint_id: UUID) -> Response:
        """List what was sent there, newest first, with each attempt; kept 30 days. For owners."""
        filters = read_query(WebhookDeliveryQuerySerializer, request)
        endpoint = selectors.get_endpoint(endpoint_id, seller_id=_seller_id(request))
        return paginated(self, selectors.list_deliveries(endpoint, **filters), WebhookDeliverySerializer)


class ResendView(APIView):
    permission_classes = (IsOwner,)
    throttle_classes = (RequestThrottle, WebhookSendThrottle)

    @documented(
        summary="Resend a webhook delivery", answers={202: WebhookDeliverySerializer},
        problems=(*_OWN, "webhook_endpoint_disabled"), examples=_UNSENT,
    )  # fmt: skip
    def post(self, request: Request, endpoint_id: UUID, delivery_id: UUID) -> Response:
        """Send it again, now, with the same `webhook-id` and body, whether it was delivered or not. For owners."""
        delivery = services.resend_delivery(endpoint_id=endpoint_id, delivery_id=delivery_id, asked_by=caller(request))
        return Response(WebhookDeliverySerializer(delivery).data, status=status.HTTP_202_ACCEPTED)
