"""Every address of the service."""

from collections.abc import Iterable, Iterator

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from drf_yasg import openapi
from drf_yasg.views import get_schema_view
from rest_framework.permissions import AllowAny

from apps.console.pages.my_sessions import my_sessions
from apps.console.pages.saved_views import remove_view, save_view
from apps.console.pages.search import search
from apps.console.pages.second_factor import second_factor
from apps.core.api.index import IndexView
from apps.core.api.metrics_view import metrics_view
from apps.core.api.renderers import JSONRenderer
from apps.core.apidocs.document import DocumentGenerator, from_here_only
from apps.core.apidocs.openapi import openapi_json
from apps.delivery.callbacks import operator_callback

API_INFO = openapi.Info(
    title="Sharj API",
    default_version="v1",
    description=f"""Prepaid balances for companies that resell mobile phone credit.

**Try it.** Register a seller and log in (the examples below work as they are), press *Authorize*, and type
`Bearer ` and the access token. A new seller can file credit requests at once and sells once staff have verified it.

**Money** is a decimal string with two places, e.g. `"50000.00"`, in {settings.CURRENCY} (ISO 4217), the one currency
of all amounts, so no answer repeats it; amounts are greater than zero.
**Times** are ISO 8601 in UTC. **Ids** are UUIDs of version 7. **Lists** come in pages: follow `next`.

**Refusals** are problem documents (RFC 9457, `application/problem+json`) with a stable `code`. Every answer
carries `X-Request-ID`; a problem repeats it as `request_id`.

**Nothing is ignored.** A member or a query parameter that a call does not have is a 400, and nothing happens.

**Retries.** Send an `Idempotency-Key` with every charge: any number of sends sells once. In a batch each item has its
own `idempotency_key`. After a 503 `temporarily_unavailable` nothing happened. After `outcome_unknown`, or without an
answer, the request may have been carried out: send it again with the same key, or ask
`GET transactions/?idempotency_key=`.

**Programs** get tokens for a secret of their own (`auth/token/`, OAuth 2.0). The guide is `docs/integrate.md`, with a
Python client in `clients/python`. This document is also served in OpenAPI 3.0, at `/openapi.json`.
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

# Addresses are tried in this order, so those with the most traffic come first.
api = [
    path("", include("apps.transactions.urls")),
    path("", include("apps.accounts.urls")),
    path("", include("apps.credit_requests.urls")),
    path("", include("apps.delivery.urls")),
    path("", include("apps.notifications.urls")),
    path("", include("apps.core.api.urls")),
]


def flatten(prefix: str, patterns: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern | URLResolver]:
    """Yield the addresses of `patterns` without their nesting: a request pays for each level of it."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from flatten(route, pattern.url_patterns)
        else:
            yield path(route, pattern.callback, pattern.default_args, pattern.name)


urlpatterns = [
    *flatten("api/v1/", api),
    path("", IndexView.as_view(), name="index"),
    path("api/v1/", IndexView.as_view(renderer_classes=(JSONRenderer,)), name="api-index"),
    path("callbacks/operators/<slug:code>/", operator_callback, name="operator-callback"),
    path("metrics", metrics_view, name="metrics"),
    path("admin/my-sessions/", admin.site.admin_view(my_sessions), name="my-sessions"),
    path("admin/views/save/", admin.site.admin_view(save_view), name="save-view"),
    path("admin/views/remove/", admin.site.admin_view(remove_view), name="remove-view"),
    path("admin/second-factor/", admin.site.admin_view(second_factor), name="second-factor"),
    path("admin/search/", admin.site.admin_view(search), name="search"),  # in place of the theme's
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("swagger/", from_here_only(schema_view.with_ui("swagger", cache_timeout=0)), name="swagger"),
    path("redoc/", from_here_only(schema_view.with_ui("redoc", cache_timeout=0)), name="redoc"),
    path("swagger.json", schema_view.without_ui(cache_timeout=0), {"format": "json"}, name="swagger-json"),
    path("openapi.json", openapi_json, name="openapi-json"),
]

handler400 = "apps.console.pages.errors.bad_request"
handler403 = "apps.console.pages.errors.permission_denied"
handler404 = "apps.console.pages.errors.page_not_found"
handler500 = "apps.console.pages.errors.server_error"
