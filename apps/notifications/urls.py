from django.urls import URLPattern, URLResolver, path

from apps.notifications.events import views as events
from apps.notifications.stream import views as stream

urlpatterns: list[URLPattern | URLResolver] = [
    path("events/", events.EventListView.as_view(), name="event-list"),
    path("events/stream/", stream.EventStreamView.as_view(), name="event-stream"),
]
