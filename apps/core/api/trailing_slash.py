"""Redirects of paths that lack their trailing slash."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponseBase
from django.middleware.common import CommonMiddleware
from django.utils.http import escape_leading_slashes


class TrailingSlashMiddleware(CommonMiddleware):
    """Redirect to the path with its slash: a 301 to what is read, else a 308, upon which a client repeats the body.

    Django's own answers 301, which turns a POST into a GET, and with DEBUG raises an error.
    """

    def get_full_path_with_slash(self, request: HttpRequest) -> str:
        return escape_leading_slashes(request.get_full_path(force_append_slash=True))

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        answer = super().process_response(request, response)
        if answer is not response and request.method not in ("GET", "HEAD"):
            answer.status_code = HTTPStatus.PERMANENT_REDIRECT
        return answer
