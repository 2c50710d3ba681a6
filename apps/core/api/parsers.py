"""Parsers of request bodies: strict JSON in UTF-8 (RFC 8259) and strict forms, bounded in size."""

import json
from collections.abc import Mapping
from typing import IO, Any, Final, NoReturn
from urllib.parse import parse_qsl

from django.conf import settings
from django.utils.translation import gettext
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

FORM_LIMIT_BYTES: Final = 20_000


class JSONNumber(str):
    """A JSON number with a fraction or an exponent, kept as it was written so that no digit is lost or invented."""

    __slots__ = ()


class RequestTooLarge(APIException):
    """The body is larger than this endpoint reads."""

    status_code = 413
    default_code = "request_too_large"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON.")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object whose names are unique (RFC 7493): a proxy that checks bodies might use the other value."""
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("A name stands twice in one object.")
    return found


_DECODER = json.JSONDecoder(parse_float=JSONNumber, parse_constant=_refuse_constant, object_pairs_hook=_object)


def _read_bounded(stream: IO[bytes], limit_bytes: int) -> bytes:
    body = stream.read(limit_bytes + 1)
    if len(body) > limit_bytes:
        raise RequestTooLarge(gettext("The body may have at most %(bytes)s bytes.") % {"bytes": f"{limit_bytes:,}"})
    return body


class StrictJSONParser(BaseParser):
    """A parser of JSON that refuses NaN, Infinity, repeated names, other encodings than UTF-8 and large bodies."""

    media_type = "application/json"
    limit_bytes: int = settings.REQUEST_BODY_LIMIT_BYTES

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the decoded body.

        Raises:
            ParseError: not JSON.
            RequestTooLarge: more than `limit_bytes`.
        """
        body = _read_bounded(stream, self.limit_bytes)
        try:
            return _DECODER.decode(body.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise ParseError(gettext("The body is not valid JSON in UTF-8.")) from error


class StrictFormParser(BaseParser):
    """A parser of forms that refuses repeated names, other encodings than UTF-8 and large bodies."""

    media_type = "application/x-www-form-urlencoded"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, str]:
        """Return the fields of the form.

        Raises:
            ParseError: not a form.
            RequestTooLarge: more than a form may have.
        """
        body = _read_bounded(stream, FORM_LIMIT_BYTES)
        try:
            fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), errors="strict")
        except ValueError as error:
            raise ParseError(gettext("The body is not a valid form in UTF-8.")) from error
        if len(dict(fields)) < len(fields):
            raise ParseError(gettext("A name stands twice in the form."))
        return dict(fields)


class BulkJSONParser(StrictJSONParser):
    """A strict parser for batches, with a larger limit."""

    limit_bytes = settings.BULK_REQUEST_BODY_LIMIT_BYTES
