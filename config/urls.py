"""Every address of the service."""

from django.contrib import admin
from django.urls import include, path
from drf_yasg import openapi
from drf_yasg.views import get_schema_view
from rest_framework.permissions import AllowAny

from apps.core.metrics_view import metrics_view

API_INFO = openapi.Info(
    title="Sharj API",
    default_version="v1",
    description=(
        "Prepaid balances for companies that resell mobile phone credit.\n\n"
        "**Try it:** register a seller, log in, press *Authorize* and type `Bearer <access token>`.\n\n"
        "Refusals are problem documents (RFC 9457, `application/problem+json`) with a stable `code`. "
        "Money is a decimal string with two places. "
        "Send an `Idempotency-Key` with every charge: then a retry can never charge twice."
    ),
    license=openapi.License(name="MIT"),
)

schema_view = get_schema_view(
    API_INFO,
    public=True,
    permission_classes=[AllowAny],
    authentication_classes=[],
)

api = [
    path("", include("apps.accounts.urls")),
    path("", include("apps.transactions.urls")),
    path("", include("apps.credit_requests.urls")),
    path("", include("apps.core.urls")),
]

urlpatterns = [
    path("api/v1/", include(api)),
    path("metrics", metrics_view, name="metrics"),
    path("admin/", admin.site.urls),
    path("swagger/", schema_view.with_ui("swagger", cache_timeout=0), name="swagger"),
    path("redoc/", schema_view.with_ui("redoc", cache_timeout=0), name="redoc"),
    path("swagger.json", schema_view.without_ui(cache_timeout=0), {"format": "json"}, name="swagger-json"),
]

handler400 = "apps.core.problems.bad_request"
handler403 = "apps.core.problems.permission_denied"
handler404 = "apps.core.problems.page_not_found"
handler500 = "apps.core.problems.server_error"
