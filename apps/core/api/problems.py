"""Problem details for HTTP APIs (RFC 9457): the one place where a refusal gets its HTTP status and its body."""

import logging
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext, gettext_noop
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from apps.core.database.errors import advice, is_temporary
from apps.core.errors import DomainError, InvalidInput
from apps.core.observability import request_id

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of refusal: its HTTP status and the short title that never changes from one occurrence to the next."""

    status: int
    title: str


PROBLEMS: Mapping[str, Problem] = {
    "validation_error": Problem(400, gettext_noop("The request is not valid")),
    "invalid_idempotency_key": Problem(400, gettext_noop("The Idempotency-Key is not valid")),
    "not_authenticated": Problem(401, gettext_noop("Authentication is needed")),
    "invalid_credentials": Problem(401, gettext_noop("The username or the password is wrong")),
    "invalid_token": Problem(401, gettext_noop("The token is not valid")),
    "permission_denied": Problem(403, gettext_noop("This role may not do this")),
    "seller_not_active": Problem(403, gettext_noop("The seller is not active")),
    "self_approval": Problem(403, gettext_noop("Nobody processes a request that they filed themselves")),
    "not_found": Problem(404, gettext_noop("There is no such thing here")),
    "method_not_allowed": Problem(405, gettext_noop("The method is not allowed here")),
    "not_acceptable": Problem(406, gettext_noop("No acceptable representation")),
    "insufficient_balance": Problem(409, gettext_noop("The balance is too small")),
    "daily_limit_exceeded": Problem(409, gettext_noop("The daily limit would be exceeded")),
    "balance_limit_exceeded": Problem(409, gettext_noop("The balance would be too large")),
    "invalid_status_transition": Problem(409, gettext_noop("This step is impossible from the present status")),
    "credit_request_already_processed": Problem(409, gettext_noop("The credit request was already processed")),
    "second_approver_needed": Problem(409, gettext_noop("Another approver is needed")),
    "already_reversed": Problem(409, gettext_noop("The entry was already reversed")),
    "not_reversible": Problem(409, gettext_noop("The entry cannot be reversed")),
    "bulk_rejected": Problem(409, gettext_noop("The batch was refused as a whole")),
    "request_too_large": Problem(413, gettext_noop("The request body is too large")),
    "unsupported_media_type": Problem(415, gettext_noop("The content type is not supported")),
    "idempotency_key_reused": Problem(422, gettext_noop("The Idempotency-Key was used for another payload")),
    "throttled": Problem(429, gettext_noop("Too many requests")),
    "internal_error": Problem(500, gettext_noop("Something went wrong here")),
    "temporarily_unavailable": Problem(503, gettext_noop("Try again in a moment")),
}

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
    """JSON that says it is a problem document."""

    media_type = CONTENT_TYPE
    format = "problem"


def document(code: str, detail: str, **members: object) -> dict[str, object]:
    """Return the body of a problem: the members of RFC 9457, then `code`, `request_id` and what belongs to the code."""
    problem = PROBLEMS[code]
    return {
        "type": f"urn:sharj:problem:{code}",
        "title": gettext(problem.title),
        "status": problem.status,
        "detail": gettext(detail),
        "code": code,
        "request_id": request_id.current(),
        **members,
    }


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn what a view raised into a problem document; what is not known here stays an error (and is a bug)."""
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
        problems = [{"field": error.field, "code": error.field_code, "detail": gettext(error.message)}]
        return document(error.code, "The request is not valid.", errors=problems), {}
    if isinstance(error, DomainError):
        return document(error.code, error.message, **error.extra), {}
    if isinstance(error, exceptions.ValidationError):
        return document("validation_error", "The request is not valid.", errors=list(flatten_errors(error.detail))), {}
    if is_temporary(error):
        _log_unavailable(error)
        return document("temporarily_unavailable", advice(error)), {"Retry-After": str(RETRY_AFTER_SECONDS)}
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
    return str(detail or gettext(PROBLEMS[code].title) + ".")


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


def problem_response(code: str, detail: str, **members: object) -> JsonResponse:
    """Return a problem document outside DRF: from middleware and from Django's own error handlers."""
    return JsonResponse(document(code, detail, **members), status=PROBLEMS[code].status, content_type=CONTENT_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer Django's 400 (handler400)."""
    return problem_response("validation_error", "The request is not valid.", errors=[])


def permission_denied(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer Django's 403 (handler403)."""
    return problem_response("permission_denied", "This role may not do this.")


def page_not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer Django's 404 (handler404)."""
    return problem_response("not_found", "There is nothing at this address.")


def server_error(request: HttpRequest) -> JsonResponse:
    """Answer Django's 500 (handler500), which it asks for while it handles the error: 503 if the database is away."""
    error = sys.exc_info()[1]
    if error is not None and is_temporary(error):
        _log_unavailable(error)
        response = problem_response("temporarily_unavailable", advice(error))
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response
    return problem_response("internal_error", "Something went wrong here. It was logged with this request_id.")
