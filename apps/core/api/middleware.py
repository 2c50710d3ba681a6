"""What every request needs, and the short way of the API past the middleware of pages."""

import time
from collections.abc import Callable
from functools import lru_cache
from typing import cast

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers

from apps.core.api.answer_headers import add_answer_headers
from apps.core.api.probe_hosts import admit_probe
from apps.core.api.trailing_slash import TrailingSlashMiddleware
from apps.core.api.unread_bodies import read_rest
from apps.core.observability import request_id
from apps.core.observability.requests import observe, take_client_address

GetResponse = Callable[[HttpRequest], HttpResponse]

API_PREFIX = "/api/"


_innermost: GetResponse


def innermost(get_response: GetResponse) -> GetResponse:
    """Remember what calls the views: Django builds the last entry of MIDDLEWARE first, and the first one last."""
    global _innermost
    _innermost = get_response
    return get_response


class ServiceMiddleware:
    """Give a request its id and its client's address, answer it, log it, and add the headers of every answer.

    Each entry of MIDDLEWARE costs three calls and an exception handler, and most are for pages: files, cookies, forms.
    So a request to the API goes past all of them, through `ApiChain`, to the views.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._answer_page = get_response
        self._answer_api = _catching(ApiChain(_innermost))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        admit_probe(request)
        identity = request_id.start(request.META.get("HTTP_X_REQUEST_ID", ""))
        take_client_address(request)
        start = time.perf_counter()
        answer = self._answer_api if request.path.startswith(API_PREFIX) else self._answer_page
        response = answer(request)
        add_answer_headers(request, response)
        observe(request, response, time.perf_counter() - start)
        response.headers["X-Request-ID"] = identity
        read_rest(request)
        return response


class ApiChain:
    """The work of the middleware of Security, Locale, TrailingSlash and XFrameOptions, in their order."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response
        self._security = SecurityMiddleware(get_response)
        self._slash = TrailingSlashMiddleware(get_response)
        self._frames = XFrameOptionsMiddleware(get_response)
        self._answer_host = _catching(self._checked_host)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        redirect = self._security.process_request(request)
        if redirect is not None:
            return redirect
        language = _language(
            request.META.get("HTTP_ACCEPT_LANGUAGE", ""), request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        )
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self._answer_host(request)
        patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", language)
        return self._security.process_response(request, response)

    def _checked_host(self, request: HttpRequest) -> HttpResponse:
        refused = self._slash.process_request(request)
        if refused is not None:
            return refused
        response = self._frames.process_response(request, self._get_response(request))
        return cast("HttpResponse", self._slash.process_response(request, response))


def _catching(get_response: GetResponse) -> GetResponse:
    """Return `get_response` with its exceptions turned into answers, so that what is around it still runs."""
    return cast("GetResponse", convert_exception_to_response(get_response))


@lru_cache(maxsize=1024)
def _language(accepted: str, cookie: str) -> str:
    """Return what Django chooses for a header Accept-Language and a language cookie, which is all that it looks at."""
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = accepted
    request.COOKIES[settings.LANGUAGE_COOKIE_NAME] = cookie
    return translation.get_language_from_request(request)
