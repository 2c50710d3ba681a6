"""Errors of the back office as pages for people. Every other address answers problem documents (RFC 9457)."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from apps.core.api import error_handlers
from apps.core.observability import request_id

# Titles and advice, by status.
_TEXTS = {
    HTTPStatus.BAD_REQUEST: (
        gettext_noop("This request cannot be read"),
        gettext_noop("A part of the address or of the form is malformed. Nothing was changed."),
    ),
    HTTPStatus.FORBIDDEN: (
        gettext_noop("Your role does not allow this"),
        gettext_noop("Nothing was changed. An admin can give you the role that this page needs."),
    ),
    HTTPStatus.NOT_FOUND: (
        gettext_noop("This page does not exist"),
        gettext_noop("The address may be misspelt. Rows are never deleted, so a search finds what you look for."),
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        gettext_noop("This page failed"),
        gettext_noop("The error was recorded. Before you repeat a step, look whether it was carried out."),
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        gettext_noop("The database does not answer right now"),
        gettext_noop("Try again in a moment. Before you repeat a step, look whether it was carried out."),
    ),
}
_CSRF = (
    gettext_noop("The form has expired"),
    gettext_noop(
        "Nothing was changed. Go back, load the page again, and send the form again. Cookies must be allowed."
    ),
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a malformed request (handler400)."""
    return _for_people(request, error_handlers.bad_request(request, exception))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a refusal by role (handler403)."""
    return _for_people(request, error_handlers.permission_denied(request, exception))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an unknown address (handler404)."""
    return _for_people(request, error_handlers.page_not_found(request, exception))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an error of the server, or a database that is away (handler500)."""
    return _for_people(request, error_handlers.server_error(request))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is missing or old (CSRF_FAILURE_VIEW). Only pages have such forms."""
    return _page(request, HTTPStatus.FORBIDDEN, *_CSRF)


def _for_people(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Return `answer`, or inside the back office a page in its place with the same status and headers."""
    if not request.path.startswith(reverse("admin:index")):
        return answer
    page = _page(request, answer.status_code, *_TEXTS[HTTPStatus(answer.status_code)])
    if "Retry-After" in answer:
        page["Retry-After"] = answer["Retry-After"]
    return page


def _page(request: HttpRequest, status: int, title: str, advice: str) -> HttpResponse:
    # Without a request: its context processors would ask for the user, and the database may be away.
    context = {"status": status, "title": gettext(title), "advice": gettext(advice), "request_id": request_id.current()}
    return HttpResponse(render_to_string("console/error.html", context), status=status)
