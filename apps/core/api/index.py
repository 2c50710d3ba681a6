"""The index at `/` and `/api/v1/`: where the documentation, the health checks and the back office are."""

from typing import Final

from django.urls import reverse
from rest_framework.permissions import AllowAny
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.renderers import JSONRenderer

_PLACES: Final = {
    "api": "api-index",
    "swagger": "swagger",
    "redoc": "redoc",
    "swagger_json": "swagger-json",
    "openapi_json": "openapi-json",
    "health": "health",
    "admin": "admin:index",
}
_POLICY: Final = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"


class IndexView(APIView):
    """Links for programs, as JSON, and a page for a browser. Swagger does not list it."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = (JSONRenderer, TemplateHTMLRenderer)
    schema = None

    def get(self, request: Request) -> Response:
        """Return the address of each place."""
        links = {name: request.build_absolute_uri(reverse(place)) for name, place in _PLACES.items()}
        return Response(links, template_name="core/index.html", headers={"Content-Security-Policy": _POLICY})
