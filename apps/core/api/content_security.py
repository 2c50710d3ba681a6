"""The Content-Security-Policy of every answer: pages load scripts, styles and images from this server only."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


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


class ContentSecurityPolicyMiddleware:
    """Add the policy of the page, or the strictest one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = _ADMIN if request.path.startswith("/admin/") else _DATA
        response.headers.setdefault("Content-Security-Policy", policy)  # the documentation's pages have their own
        return response
