"""The gate of the event stream: an ordinary view, which refuses as all others do or opens a stream."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext
from drf_yasg import openapi
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.accounts.permissions import IsSellerUser, caller
from apps.accounts.sessions.authentication import claims_of
from apps.core.api.renderers import JSONRenderer
from apps.core.apidocs.swagger import documented
from apps.core.errors import InvalidInput, NotFound
from apps.notifications.stream.hub import Hub, Subscription
from apps.notifications.stream.selectors import starting_position

HUB = "sharj.event_streams"  # its name in the ASGI scope
_LAST_EVENT_ID = openapi.Parameter(
    "Last-Event-ID", openapi.IN_HEADER, type=openapi.TYPE_STRING, description="The id of the last event received."
)


class StreamRenderer(BaseRenderer):
    """Says that the view speaks `text/event-stream`; renders nothing."""

    media_type = "text/event-stream"
    format = "stream"
    charset = None

    def render(self, data: Any, *_: Any) -> bytes:
        return b""


class OpenStream(HttpResponse):
    """The head of a stream; `config.asgi` sends the events of its subscription after it, then removes that."""

    def __init__(self, subscription: Subscription) -> None:
        # nginx and others must not hold events back.
        super().__init__(content_type=StreamRenderer.media_type, headers={"X-Accel-Buffering": "no"})
        self.subscription = subscription


class TemporaryRedirect(HttpResponseRedirect):
    status_code = 307


class EventStreamView(APIView):
    permission_classes = (IsSellerUser,)
    renderer_classes = (StreamRenderer, JSONRenderer)

    @documented(
        summary="Stream events",
        answers={200: None, 307: None},
        also_produces=[StreamRenderer.media_type],
        problems=["validation_error", "permission_denied", "not_found", "event_gone", "too_many_streams"],
        headers=[_LAST_EVENT_ID],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Send the events of the caller's seller as they happen (Server-Sent Events), for its users.

        `Last-Event-ID` resumes after that event, without a gap or a repeat; without it the stream begins with the next
        event. A comment every 15 seconds shows that the stream lives. It ends when the session ends.
        """
        hub: Hub | None = getattr(request._request, "scope", {}).get(HUB)
        seller_id = caller(request).seller_id
        assert seller_id is not None  # noqa: S101  (the permission lets only users of a seller in)
        last_event_id = _last_event_id(request)
        if hub is None:
            if settings.EVENT_STREAM_URL:
                return TemporaryRedirect(settings.EVENT_STREAM_URL)
            raise NotFound("The event stream is not served by this process.")
        position = starting_position(seller_id, last_event_id)
        return OpenStream(hub.subscribe(seller_id, claims_of(request).session_id, position))


def _last_event_id(request: Request) -> UUID | None:
    text = request.headers.get("Last-Event-ID", "").strip()
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise InvalidInput("Last-Event-ID", gettext("This is not the id of an event."), code="invalid") from error
