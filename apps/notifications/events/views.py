"""Endpoints of events."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.permissions import IsSellerUser, caller
from apps.core.api.input import read_query
from apps.core.api.pagination import KeysetPagination, paginated
from apps.core.apidocs.swagger import documented, page_of
from apps.notifications.events import selectors
from apps.notifications.events.serializers import EventQuerySerializer, EventSerializer


class OldestFirst(KeysetPagination):
    ordering = "id"


class EventListView(APIView):
    permission_classes = (IsSellerUser,)

    @documented(
        summary="List events",
        query=EventQuerySerializer,
        answers={200: page_of(EventSerializer)},
        problems=["validation_error", "permission_denied"],
    )
    def get(self, request: Request) -> Response:
        """List the events of the caller's own seller, oldest first; they are kept for 30 days.

        To go on later, give the id of the last one as `after`: none is missed. For users of a seller.
        """
        seller_id = caller(request).seller_id
        assert seller_id  # noqa: S101  (the permission lets only users of a seller in)
        events = selectors.list_events(seller_id=seller_id, **read_query(EventQuerySerializer, request))
        return paginated(self, events, EventSerializer, pagination=OldestFirst)
