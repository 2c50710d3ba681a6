"""Shapes of the requests and answers about webhooks."""

from typing import Any

from rest_framework import serializers

from apps.core.api.fields import TextField
from apps.core.api.input import ListQuerySerializer
from apps.core.apidocs.examples import (
    ENDPOINT_ID,
    EVENT_ID,
    REGISTERED_AT,
    WEBHOOK_DELIVERY_ID,
    WEBHOOK_SECRET,
    WEBHOOK_SENT_AT,
)  # fmt: skip
from apps.notifications.models import MAX_URL_LENGTH, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from apps.outbox.models import EventType

_TYPES = "Types of the events that are sent here; null: all, also those that are added later."
_ENDPOINT = {
    "id": ENDPOINT_ID,
    "url": "https://mehr.example/hooks/sharj",
    "event_types": ["credit_request.approved", "balance.low"],
    "description": "Till software",
    "enabled": True,
    "disabled_reason": None,
    "disabled_at": None,
    "failing_since": None,
    "former_secret_expires_at": None,
    "created_at": REGISTERED_AT,
}
_NEW = {name: _ENDPOINT[name] for name in ("url", "event_types", "description")}


class ReceiverUrlField(serializers.CharField):
    """The URL of a receiver; the service judges it."""

    class Meta:
        swagger_schema_fields = {
            "type": "string",
            "format": "https",
            "description": "https, in ASCII, without a user or a fragment; a public address.",
            "example": "https://mehr.example/hooks/sharj",
        }


def _event_types(**options: Any) -> serializers.ListField:
    types = serializers.ChoiceField(choices=EventType.choices)
    return serializers.ListField(child=types, allow_null=True, allow_empty=False, help_text=_TYPES, **options)


class WebhookEndpointChangesSerializer(serializers.Serializer[Any]):
    """The members of an endpoint that its seller may change."""

    url = ReceiverUrlField(max_length=MAX_URL_LENGTH, required=False)
    event_types = _event_types(required=False)
    description = TextField(max_length=200, required=False, allow_blank=True)
    enabled = serializers.BooleanField(required=False, help_text="A disabled endpoint gets no events.")

    class Meta:
        swagger_schema_fields = {"example": {"event_types": None}}


class NewWebhookEndpointSerializer(serializers.Serializer[Any]):
    """A new endpoint."""

    url = ReceiverUrlField(max_length=MAX_URL_LENGTH)
    event_types = _event_types(required=False, default=None)
    description = TextField(max_length=200, required=False, allow_blank=True)

    class Meta:
        swagger_schema_fields = {"example": _NEW}


class WebhookEndpointSerializer(serializers.ModelSerializer[WebhookEndpoint]):
    """An endpoint. `disabled_reason`: by the `seller`, `failing` for days, or `gone` (410)."""

    event_types = _event_types(read_only=True)
    disabled_reason = serializers.SerializerMethodField()

    class Meta:
        model = WebhookEndpoint
        fields = tuple(_ENDPOINT)
        swagger_schema_fields = {"example": _ENDPOINT}

    def get_disabled_reason(self, endpoint: WebhookEndpoint) -> str | None:
        return endpoint.disabled_reason or None


class WebhookSecretSerializer(WebhookEndpointSerializer):
    """An endpoint with its new secret, which is shown this once."""

    secret = serializers.CharField(read_only=True)

    class Meta(WebhookEndpointSerializer.Meta):
        fields = (*WebhookEndpointSerializer.Meta.fields, "secret")
        swagger_schema_fields = {"example": {**_ENDPOINT, "secret": WEBHOOK_SECRET}}


class WebhookAttemptSerializer(serializers.ModelSerializer[WebhookAttempt]):
    """One request: `status` of its answer (null: none came, see `error`), and the first kilobyte of its body."""

    error = serializers.SerializerMethodField()

    class Meta:
        model = WebhookAttempt
        fields = ("attempted_at", "status", "milliseconds", "answer", "error")

    def get_error(self, attempt: WebhookAttempt) -> str | None:
        return attempt.error or None


class WebhookDeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    """An event on its way to an endpoint, with every attempt."""

    attempts = WebhookAttemptSerializer(many=True)

    class Meta:
        model = WebhookDelivery
        fields = ("id", "event_id", "event_type", "status", "created_at", "next_try_at", "attempts")
        swagger_schema_fields: dict[str, Any] = {
            "example": {
                "id": WEBHOOK_DELIVERY_ID,
                "event_id": EVENT_ID,
                "event_type": "credit_request.approved",
                "status": "delivered",
                "created_at": WEBHOOK_SENT_AT,
                "next_try_at": None,
                "attempts": [
                    {
                        "attempted_at": WEBHOOK_SENT_AT,
                        "status": 204,
                        "milliseconds": 38,
                        "answer": "",
                        "error": None,
                    }
                ],
            }
        }


class WebhookDeliveryQuerySerializer(ListQuerySerializer):
    """Filters of the deliveries of an endpoint."""

    status = serializers.ChoiceField(choices=WebhookDelivery.Status.choices, required=False)
