"""Headers of every answer: what a page may load (scripts, styles and images of this server only), what may be kept."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse


def _policy(**sources: str) -> str:
    return "; ".join(f"{name.replace('_', '-')} {value}" for name, value in sources.items())


_SHUT = {"base_uri": "'none'", "form_action": "'self'", "frame_ancestors": "'none'", "object_src": "'none'"}
# An answer of the API is data: a browser that shows it as a page runs nothing in it.
_DATA = _policy(default_src="'none'", **_SHUT)
# The admin's theme runs on Alpine.js, which compiles its expressions.
_ADMIN = _policy(
    default_src="'self'",
    img_src="'self' data:",
    style_src="'self' 'unsafe-inline'",
    script_src="'self' 'unsafe-eval'",
    **_SHUT,
)


# What is the same for every caller; any other answer holds a seller's data or tells a present state.
_CACHEABLE: Final = ("/swagger", "/openapi.json", "/redoc/", settings.STATIC_URL)


def add_answer_headers(request: HttpRequest, response: HttpResponse) -> None:
    """Add the policy of the page, or the strictest one, and forbid to cache, unless the view has said otherwise."""
    if not request.path.startswith(_CACHEABLE):
        response.headers.setdefault("Cache-Control", "no-store")
    policy = _ADMIN if request.path.startswith("/admin/") else _DATA
    response.headers.setdefault("Content-Security-Policy", policy)  # the documentation's pages have their own
