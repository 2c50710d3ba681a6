from django.urls import URLPattern, URLResolver, path

from apps.notifications.events import views as events

urlpatterns: list[URLPattern | URLResolver] = [
    path("events/", events.EventListView.as_view(), name="event-list"),
]
