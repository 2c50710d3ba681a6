"""What a browser may load and run on our pages (Content-Security-Policy); everything comes from this server."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


def _policy(**sources: str) -> str:
    return "; ".join(f"{name.replace('_', '-')} {value}" for name, value in sources.items())


_SHUT = {"base_uri": "'none'", "form_action": "'self'", "frame_ancestors": "'none'", "object_src": "'none'"}
# An answer of the API is data: if a browser takes it for a page, nothing in it runs.
_DATA = _policy(default_src="'none'", **_SHUT)
_ADMIN = _policy(default_src="'self'", img_src="'self' data:", style_src="'self' 'unsafe-inline'", **_SHUT)
# Swagger UI and ReDoc set style attributes; ReDoc searches in a worker that it makes itself.
_DOCUMENTATION = _policy(
    default_src="'self'",
    img_src="'self' data:",
    style_src="'self' 'unsafe-inline'",
    worker_src="'self' blob:",
    **_SHUT,
)
_PAGES = {"/admin/": _ADMIN, "/swagger/": _DOCUMENTATION, "/redoc/": _DOCUMENTATION}


class ContentSecurityPolicyMiddleware:
    """Add the policy of the page, or the strictest one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = next((policy for prefix, policy in _PAGES.items() if request.path.startswith(prefix)), _DATA)
        response.headers.setdefault("Content-Security-Policy", policy)
        return response
