"""Input that the pages of the back office cannot read: 400, or the list without its filters and a message."""

import logging
from collections.abc import Callable, Iterator

from django.contrib import messages
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.paginator import InvalidPage
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from apps.core.api.problems import problem_response

logger = logging.getLogger(__name__)

# A year without end, a broken regular expression, a page past the last. Django turns only some into its own error.
_UNREADABLE = (ValueError, OverflowError, DataError, FieldDoesNotExist, InvalidPage)


class BadInputMiddleware:
    """Refuse NUL characters, which PostgreSQL cannot store or compare, and input that a page fails to read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: object) -> HttpResponse | None:
        """Refuse a NUL before the page runs."""
        if _is_page(request) and any("\0" in text for text in _texts(request)):
            return _bad_request()
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for a page that failed to read its query or a form made by hand; other errors are bugs."""
        is_query = request.method == "GET" and request.GET and isinstance(error, _UNREADABLE)
        if not _is_page(request) or not (is_query or isinstance(error, ValidationError)):
            return None
        logger.warning("unreadable input", exc_info=error)
        if not str(request.resolver_match and request.resolver_match.url_name).endswith("_changelist"):
            return _bad_request()
        messages.error(request, _("These filters are not understood. The list is shown without them."))
        return HttpResponseRedirect(request.path)


def _is_page(request: HttpRequest) -> bool:
    return request.resolver_match is not None and "admin" in request.resolver_match.app_names


def _texts(request: HttpRequest) -> Iterator[str]:
    """Yield all text of a request: its path, its cookies, and the names and values of its query and form."""
    yield from (request.path, *request.COOKIES.values())
    for fields in (request.GET, request.POST):
        yield from fields
        for values in fields.lists():
            yield from map(str, values[1])


def _bad_request() -> HttpResponse:
    return problem_response("validation_error", errors=[])
