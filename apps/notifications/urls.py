from django.urls import URLPattern, URLResolver, path

from apps.notifications.events import views as events
from apps.notifications.stream import views as stream
from apps.notifications.webhooks import views as webhooks

_ENDPOINT = "webhook-endpoints/<uuid:endpoint_id>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("events/", events.EventListView.as_view(), name="event-list"),
    path("events/stream/", stream.EventStreamView.as_view(), name="event-stream"),
    path("webhook-endpoints/", webhooks.WebhookEndpointListView.as_view(), name="webhook-endpoint-list"),
    path(_ENDPOINT, webhooks.WebhookEndpointView.as_view(), name="webhook-endpoint"),
    path(f"{_ENDPOINT}rotate-secret/", webhooks.RotateSecretView.as_view(), name="webhook-secret-rotate"),
    path(f"{_ENDPOINT}test/", webhooks.TestWebhookView.as_view(), name="webhook-endpoint-test"),
    path(f"{_ENDPOINT}deliveries/", webhooks.WebhookDeliveryListView.as_view(), name="webhook-delivery-list"),
    path(
        f"{_ENDPOINT}deliveries/<uuid:delivery_id>/resend/",
        webhooks.ResendView.as_view(),
        name="webhook-delivery-resend",
    ),
]
