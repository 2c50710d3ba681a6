"""Shapes of events."""

from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext
from rest_framework import serializers

from apps.core.api.input import ListQuerySerializer
from apps.core.apidocs.examples import CREDIT_REQUEST_ID, CREDITED_AT, EVENT_ID
from apps.core.values.times import format_time
from apps.outbox.models import Event, EventType


class EventSerializer(serializers.Serializer[Event]):
    """A change that the seller is told of."""

    id = serializers.UUIDField(help_text="Grows with every event; also the `webhook-id`.")
    type = serializers.ChoiceField(choices=EventType.choices)
    timestamp = serializers.DateTimeField()
    data = serializers.JSONField(  # type: ignore[assignment]  # a field of that name hides no attribute of DRF
        help_text="The object as the API showed it at that moment: the credit request, the transaction, the balance "
        "or the seller."
    )

    class Meta:
        swagger_schema_fields = {
            "example": {
                "id": EVENT_ID,
                "type": "credit_request.approved",
                "timestamp": CREDITED_AT,
                "data": {"id": CREDIT_REQUEST_ID, "status": "approved", "amount": "500000.00"},
            }
        }

    def to_representation(self, event: Event) -> dict[str, Any]:
        """Return the event as the API, webhooks and the stream write it."""
        return {
            "id": str(event.pk),
            "type": event.type,
            "timestamp": format_time(event.timestamp),
            "data": event.data,
        }


render_event: Final = EventSerializer().to_representation


class EventQuerySerializer(ListQuerySerializer):
    """Filters of the list of events."""

    type = serializers.ChoiceField(choices=EventType.choices, required=False)
    after = serializers.UUIDField(required=False, help_text="The id of the last event that you have seen.")

    def validate_after(self, value: UUID) -> UUID:
        """Refuse ids that are no event's: only those of version 7 are ordered by time."""
        if value.version != 7:
            raise serializers.ValidationError(gettext("Not the id of an event."), code="invalid")
        return value
