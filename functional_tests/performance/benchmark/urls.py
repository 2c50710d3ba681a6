"""The addresses of the service and the ceiling."""

from django.urls import path

from config.urls import handler400, handler403, handler404, handler500, urlpatterns
from functional_tests.performance.benchmark.ceiling import CeilingView

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [*urlpatterns, path("api/v1/ceiling/", CeilingView.as_view())]
