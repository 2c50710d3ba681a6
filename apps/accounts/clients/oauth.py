"""OAuth 2.0 (RFC 6749): the reading of a request for a token, and the errors of section 5.2.

Descriptions are of ASCII without quotes and backslashes, as the RFC demands, so they are not translated.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

GRANT_TYPE = "client_credentials"
BASIC = 'Basic realm="api", charset="UTF-8"'


class OAuthError(Exception):
    """A refusal with one of the error codes of the RFC."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client proves itself with."""

    client_id: str
    client_secret: str


# Refusals of the service as errors of OAuth, by the code of the problem.
_ERROR_OF_PROBLEM = {
    "validation_error": ("invalid_request", "The request is malformed, or has parameters outside its body.", 400),
    "unsupported_media_type": ("invalid_request", "The body must be a form or JSON.", 415),
    "request_too_large": ("invalid_request", "The body is too large.", 413),
    "invalid_credentials": ("invalid_client", "No active client with these credentials.", 401),
    "address_not_allowed": ("unauthorized_client", "This client may not be used from this address.", 400),
    "throttled": ("temporarily_unavailable", "Too many requests.", 429),
    "temporarily_unavailable": ("temporarily_unavailable", "Send the request again.", 503),
    "outcome_unknown": ("temporarily_unavailable", "Send the request again.", 503),
}


def invalid_client(description: str) -> OAuthError:
    """Return the refusal of a client that is not known by what it sent."""
    return OAuthError("invalid_client", description, 401)


def error_of(problem: Response) -> OAuthError | None:
    """Return the error that tells a client of OAuth what `problem` tells others; None: it has no such form."""
    found = _ERROR_OF_PROBLEM.get(str(problem.data.get("code")))
    return OAuthError(*found) if found else None


def answer(error: OAuthError, headers: Mapping[str, str]) -> Response:
    """Return the answer of a refusal."""
    sent = {**headers, "Pragma": "no-cache", **({"WWW-Authenticate": BASIC} if error.status == 401 else {})}
    body = {"error": error.error, "error_description": error.description}
    return Response(body, status=error.status, headers=sent, content_type="application/json")


def read_credentials(request: Request) -> Credentials:
    """Return the credentials of a request for a token, from its header or its body.

    Raises:
        OAuthError: another grant type, a scope, credentials in neither or in both, or in another form.
        ParseError, UnsupportedMediaType, RequestTooLarge: of the body.
    """
    given = _parameters(request.data)
    if "grant_type" not in given:
        raise OAuthError("invalid_request", "The parameter grant_type is missing.")
    if given["grant_type"] != GRANT_TYPE:
        raise OAuthError("unsupported_grant_type", f"The only grant type is {GRANT_TYPE}.")
    if "scope" in given:
        raise OAuthError("invalid_scope", "There are no scopes; the role of the client decides.")
    header = request.headers.get("Authorization")
    found = _in_body(given) if header is None else _in_header(header, given)
    if not _is_client_id(found.client_id):
        raise invalid_client("No active client with these credentials.")
    return found


def _parameters(body: Any) -> dict[str, str]:
    """Return the parameters that have a value; those that the RFC does not name are ignored, as it demands."""
    if not isinstance(body, Mapping):
        raise OAuthError("invalid_request", "The body must be a form or a JSON object.")
    found = {name: body[name] for name in ("grant_type", "client_id", "client_secret", "scope") if body.get(name)}
    if not all(isinstance(value, str) for value in found.values()):
        raise OAuthError("invalid_request", "Parameters are strings.")
    return found


def _in_body(given: Mapping[str, str]) -> Credentials:
    if "client_id" not in given or "client_secret" not in given:
        raise invalid_client("Send client_id and client_secret, in the body or by HTTP Basic.")
    return Credentials(given["client_id"], given["client_secret"])


def _in_header(header: str, given: Mapping[str, str]) -> Credentials:
    """Return the id and the secret, each of which is form-encoded within the header (RFC 6749, section 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise invalid_client("The scheme of the header Authorization must be Basic.")
    try:
        name, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:  # of base64, of its letters, of UTF-8
        name = colon = secret = ""
    if not colon:
        raise invalid_client("The header Authorization is malformed.")
    found = Credentials(unquote_plus(name), unquote_plus(secret))
    if "client_secret" in given or given.get("client_id", found.client_id) != found.client_id:
        raise OAuthError("invalid_request", "Send the credentials once: in the body or by HTTP Basic.")
    return found


def _is_client_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
