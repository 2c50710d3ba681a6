"""Every address of the service."""

from django.contrib import admin
from django.urls import include, path
from drf_yasg import openapi
from drf_yasg.views import get_schema_view
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer

from apps.console.pages.second_factor import second_factor
from apps.core.api.index import IndexView
from apps.core.api.metrics_view import metrics_view
from apps.core.apidocs.document import DocumentGenerator, from_here_only
from apps.delivery.callbacks import operator_callback

API_INFO = openapi.Info(
    title="Sharj API",
    default_version="v1",
    description="""Prepaid balances for companies that resell mobile phone credit.

**Try it.** Register a seller and log in (the examples below work as they are), press *Authorize*, and type
`Bearer ` and the access token. A new seller can file credit requests at once and sells once staff have verified it.

**Money** is a decimal string with two places, e.g. `"50000.00"`; amounts are greater than zero.
**Times** are ISO 8601 in UTC. **Ids** are UUIDs of version 7. **Lists** come in pages: follow `next`.

**Refusals** are problem documents (RFC 9457, `application/problem+json`) with a stable `code`. Every answer
carries `X-Request-ID`; a problem repeats it as `request_id`.

**Nothing is ignored.** A member or a query parameter that a call does not have is a 400, and nothing happens.

**Retries.** Send an `Idempotency-Key` with every charge: any number of sends sells once. In a batch each item has its
own `idempotency_key`. After a 503 `temporarily_unavailable` nothing happened. After `outcome_unknown`, or without an
answer, the request may have been carried out: send it again with the same key, or ask
`GET transactions/?idempotency_key=`.
""",
    license=openapi.License(name="MIT", url="https://opensource.org/license/mit"),
)

schema_view = get_schema_view(
    API_INFO,
    generator_class=DocumentGenerator,
    public=True,
    permission_classes=[AllowAny],
    authentication_classes=[],
)

api = [
    path("", include("apps.accounts.urls")),
    path("", include("apps.transactions.urls")),
    path("", include("apps.credit_requests.urls")),
    path("", include("apps.delivery.urls")),
    path("", include("apps.notifications.urls")),
    path("", include("apps.core.api.urls")),
]

urlpatterns = [
    path("", IndexView.as_view(), name="index"),
    path("api/v1/", IndexView.as_view(renderer_classes=(JSONRenderer,)), name="api-index"),
    path("api/v1/", include(api)),
    path("callbacks/operators/<slug:code>/", operator_callback, name="operator-callback"),
    path("metrics", metrics_view, name="metrics"),
    path("admin/second-factor/", admin.site.admin_view(second_factor), name="second-factor"),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("swagger/", from_here_only(schema_view.with_ui("swagger", cache_timeout=0)), name="swagger"),
    path("redoc/", from_here_only(schema_view.with_ui("redoc", cache_timeout=0)), name="redoc"),
    path("swagger.json", schema_view.without_ui(cache_timeout=0), {"format": "json"}, name="swagger-json"),
]

handler400 = "apps.console.pages.errors.bad_request"
handler403 = "apps.console.pages.errors.permission_denied"
handler404 = "apps.console.pages.errors.page_not_found"
handler500 = "apps.console.pages.errors.server_error"
