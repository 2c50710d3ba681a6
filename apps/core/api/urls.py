from django.urls import path

from apps.core.api import health as views

urlpatterns = [
    path("health/live/", views.LiveView.as_view(), name="health-live"),
    path("health/ready/", views.ReadyView.as_view(), name="health-ready"),
    path("health/", views.HealthView.as_view(), name="health"),
]
