"""Exceptions of views as problem documents: the one place that gives a refusal its HTTP status."""

import logging
import sys
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext
from rest_framework import exceptions
from rest_framework.response import Response

from apps.core.api.problems import CONTENT_TYPE, PROBLEMS, document, problem_response
from apps.core.api.renderers import JSONRenderer
from apps.core.database.errors import code_of, is_temporary
from apps.core.errors import DomainError, InvalidInput

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 1

_CODE_OF_EXCEPTION: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.ParseError, "validation_error"),
    (exceptions.NotAuthenticated, "not_authenticated"),
    (exceptions.AuthenticationFailed, "invalid_token"),
    (exceptions.PermissionDenied, "permission_denied"),
    (DjangoPermissionDenied, "permission_denied"),
    (exceptions.NotFound, "not_found"),
    (Http404, "not_found"),
    (exceptions.MethodNotAllowed, "method_not_allowed"),
    (exceptions.NotAcceptable, "not_acceptable"),
    (exceptions.UnsupportedMediaType, "unsupported_media_type"),
    (exceptions.Throttled, "throttled"),
)


class ProblemRenderer(JSONRenderer):
    """JSON with the content type of a problem document."""

    media_type = CONTENT_TYPE
    format = "problem"


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn a refusal raised by a view into a problem document; any other exception stays an error (and is a bug)."""
    answer = _describe(error)
    if answer is None:
        return None
    body, headers = answer
    request = context.get("request")
    if request is not None:
        # A client that asked for CSV still gets its refusal as a problem document.
        request.accepted_renderer = ProblemRenderer()
        request.accepted_media_type = CONTENT_TYPE
    status = PROBLEMS[str(body["code"])].status
    if status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", 'Bearer realm="api"')
    return Response(body, status=status, headers=headers, content_type=CONTENT_TYPE)


def _describe(error: Exception) -> tuple[dict[str, object], dict[str, str]] | None:
    if isinstance(error, InvalidInput):
        problems = [
            {"field": each.field, "code": each.field_code, "detail": gettext(each.message)} for each in error.problems
        ]
        return document(error.code, errors=problems), {}
    if isinstance(error, DomainError):
        return document(error.code, error.message, **error.extra), {}
    if isinstance(error, exceptions.ValidationError):
        return document("validation_error", errors=list(flatten_errors(error.detail))), {}
    if is_temporary(error):
        _log_unavailable(error)
        return document(code_of(error)), {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return _describe_framework_error(error)


def _log_unavailable(error: BaseException) -> None:
    logger.warning("database unavailable: %s", str(error).strip().replace("\n", " "))


def _describe_framework_error(error: Exception) -> tuple[dict[str, object], dict[str, str]] | None:
    code = next((code for kind, code in _CODE_OF_EXCEPTION if isinstance(error, kind)), None)
    if code is None and isinstance(error, exceptions.APIException) and error.default_code in PROBLEMS:
        code = error.default_code
    if code is None:
        return None
    members: dict[str, object] = {}
    if isinstance(error, exceptions.ParseError):
        members["errors"] = [{"field": "non_field_errors", "code": "parse_error", "detail": str(error.detail)}]
    return document(code, _detail(error, code), **members), _headers(error)


def _detail(error: Exception, code: str) -> str:
    detail = getattr(error, "detail", None)
    if isinstance(detail, Mapping):
        detail = detail.get("detail")
    return str(detail or f"{gettext(PROBLEMS[code].title)}.")


def _headers(error: Exception) -> dict[str, str]:
    headers: dict[str, str] = {}
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(-(-wait // 1)))
    return headers


def flatten_errors(detail: Any, field: str = "") -> Iterator[dict[str, str]]:
    """Yield `{field, code, detail}` for each leaf of DRF's nested error detail; nested fields are joined by dots."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from flatten_errors(inner, f"{field}.{name}" if field else str(name))
    elif isinstance(detail, (list, tuple)):
        for position, inner in enumerate(detail):
            nested = isinstance(inner, (Mapping, list, tuple))
            yield from flatten_errors(inner, f"{field}.{position}" if nested and field else field)
    else:
        yield {"field": field or "non_field_errors", "code": getattr(detail, "code", "invalid"), "detail": str(detail)}


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer Django's 400 (handler400)."""
    return problem_response("validation_error", errors=[])


def permission_denied(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer Django's 403 (handler403)."""
    return problem_response("permission_denied")


def page_not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer Django's 404 (handler404)."""
    return problem_response("not_found", "Not found.")


def server_error(request: HttpRequest) -> JsonResponse:
    """Answer Django's 500 (handler500), called while the error is handled: 503 if the database is away."""
    error = sys.exc_info()[1]
    if error is not None and is_temporary(error):
        _log_unavailable(error)
        response = problem_response(code_of(error))
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response
    return problem_response("internal_error")
