"""Input of a request: what the call does not know is refused, and a value of the wrong kind is a 400 before any change.

A typo that is ignored switches something off in silence: a limit, a filter, the idempotency key. ADR 16 says more.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, cast

from django.utils.translation import get_language, gettext
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, UnsupportedMediaType, ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from apps.core.api.fields import IdempotencyKeyField
from apps.core.api.idempotency import MISSPELT_HEADERS, is_key_name
from apps.core.api.parsers import RequestTooLarge
from apps.core.errors import InvalidInput

Errors = dict[str, list[ErrorDetail]]

# Of the names that a client made up, so many and so much of each are told back.
_MAX_TOLD = 20
_MAX_TOLD_LENGTH = 100


class ListQuerySerializer(serializers.Serializer[Any]):
    """The query parameters of every list."""

    cursor = serializers.CharField(required=False, help_text="Taken from `next` or `previous`.")
    page_size = serializers.IntegerField(
        required=False, min_value=1, max_value=500, help_text="At most 500; 50 when not given."
    )


@dataclass(frozen=True, slots=True)
class CallInput:
    """The parts of a request that a call reads, as its documentation declares them."""

    parameters: frozenset[str]
    has_body: bool
    has_key_header: bool


def refuse_unknown_input(request: Request, call: CallInput) -> None:
    """Refuse query parameters, key headers and bodies that the call does not read.

    Raises:
        ValidationError: with one error for each.
    """
    meta = request._request.META  # DRF's request looks each attribute up in two objects
    errors = _misplaced_keys(meta, call) if request._request.method not in SAFE_METHODS else {}
    if meta.get("QUERY_STRING"):
        errors |= _wrong_parameters(request, call.parameters)
    if not call.has_body:
        errors |= _unread_body(request)
    if errors:
        raise ValidationError(errors)


def _misplaced_keys(meta: Mapping[str, Any], call: CallInput) -> Errors:
    """Return an error for each header that is meant as an idempotency key and is none here.

    A call that only reads repeats safely, with any header.
    """
    names = [header for name, header in MISSPELT_HEADERS.items() if name in meta]
    if not call.has_key_header and "HTTP_IDEMPOTENCY_KEY" in meta:
        names.append("Idempotency-Key")
    return _errors(names, "unknown_header", key_advice()) if names else {}


def key_advice() -> str:
    """Return where an idempotency key belongs."""
    return gettext(
        "An idempotency key is sent as the header Idempotency-Key of a single charge or credit request, "
        "and as the member idempotency_key of each item of a batch. Other calls take none."
    )


def _wrong_parameters(request: Request, known: Collection[str]) -> Errors:
    given = request.query_params
    repeated = [name for name, values in given.lists() if len(values) > 1 and name in known]
    return _unknown(given, known, "unknown_parameter") | _errors(
        repeated, "repeated_parameter", gettext("Give this parameter once.")
    )


def _unread_body(request: Request) -> Errors:
    """Return an error for a body with something in it; `{}` has nothing."""
    try:
        data = request.data
    except (UnsupportedMediaType, RequestTooLarge):
        data = None
    if isinstance(data, Mapping):
        return _unknown(data, (), "unknown_field")
    return _errors(["non_field_errors"], "unexpected_body", gettext("This call reads no body."))


def _unknown(given: Iterable[str], known: Collection[str], code: str) -> Errors:
    """Return an error for each name in `given` that is not `known`."""
    names = [name for name in given if name not in known]
    if not names:
        return {}
    detail = gettext("Not known to this call. It knows: %(names)s.") % {"names": ", ".join(sorted(known))}
    if not known:
        detail = gettext("Not known to this call.")
    return _errors(names, code, detail) | _errors(filter(is_key_name, names), code, key_advice())


def _errors(names: Iterable[str], code: str, detail: str) -> Errors:
    """Return the same error for each of the first names; no client can make the answer long or break its encoding."""
    told = (name[:_MAX_TOLD_LENGTH].encode(errors="replace").decode() for name in islice(names, _MAX_TOLD))
    return {name: [ErrorDetail(detail, code)] for name in told}


class BodyReader:
    """A serializer that refuses the members it does not have; `shown` are those that the call shows and cannot set."""

    def __init__(self, serializer: serializers.Serializer[Any], shown: Iterable[str] = ()) -> None:
        self.serializer = serializer
        self.names = frozenset(serializer.fields)
        self.read_only = frozenset(shown) - self.names

    def read(self, data: Any) -> dict[str, Any]:
        """Return the validated members of `data`; all that is wrong is told at once.

        Raises:
            ValidationError: not an object, an unknown or unwritable member, or a value of the wrong kind.
        """
        if not isinstance(data, dict) or data.keys() <= self.names:
            validated: dict[str, Any] = self.serializer.run_validation(data)
            return validated
        wrong = self._wrong_members(data)
        try:
            self.serializer.run_validation(data)
        except ValidationError as error:
            wrong = {**cast("Errors", error.detail), **wrong}
        raise ValidationError(wrong)

    def _wrong_members(self, data: Mapping[str, Any]) -> Errors:
        unwritable = [name for name in data if name in self.read_only]
        unknown = [name for name in data if name not in self.read_only]
        detail = gettext("You cannot set this member.")
        return _unknown(unknown, self.names, "unknown_field") | _errors(unwritable, "read_only", detail)


@cache
def _reader(
    serializer_class: type[serializers.Serializer[Any]],
    shown: type[serializers.Serializer[Any]] | None,
    language: str | None,
) -> BodyReader:
    """Return one instance for all requests in a language, because creation copies every field.

    Validation keeps no state but the texts of its refusals, which DRF formats once, in the language of that moment.
    """
    return BodyReader(serializer_class(), shown().fields if shown else ())


def read_query(serializer_class: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return the validated filters that the client gave; empty ones (`?status=`) count as not given.

    An empty `?idempotency_key=` is refused: the client means one sale and would be told of another.

    Raises:
        ValidationError: a value of the wrong kind.
    """
    serializer = _reader(serializer_class, None, get_language()).serializer
    given = {
        name: value
        for name, value in request.query_params.items()
        if value != "" or isinstance(serializer.fields.get(name), IdempotencyKeyField)
    }
    filters = serializer.run_validation(given)
    return {name: value for name, value in filters.items() if name not in ("cursor", "page_size")}


def read_body(
    serializer_class: type[serializers.Serializer[Any]],
    request: Request,
    *,
    shown: type[serializers.Serializer[Any]] | None = None,
) -> dict[str, Any]:
    """Return the validated JSON body. Members of `shown` that the body does not have are `read_only`, not unknown.

    Raises:
        ValidationError, ParseError, RequestTooLarge: the body does not match `serializer_class`.
    """
    return _reader(serializer_class, shown, get_language()).read(request.data)


def read_judged_body(
    serializer_class: type[serializers.Serializer[Any]],
    request: Request,
    judge: Callable[..., Iterable[InvalidInput]],
    *names: str,
) -> dict[str, Any]:
    """Return the validated JSON body; if it is refused, tell also what the domain has against the fields `names`.

    `judge` gets those of `names` that passed. It is not asked about a valid body: the use case judges that itself.

    Raises:
        ValidationError, ParseError, RequestTooLarge: the body does not match `serializer_class`.
    """
    try:
        return read_body(serializer_class, request)
    except serializers.ValidationError as error:
        if not isinstance(request.data, Mapping) or not isinstance(error.detail, dict):
            raise
        fields = _reader(serializer_class, None, get_language()).serializer.fields
        passed = {name for name in names if name in request.data and name not in error.detail}
        problems = judge(**{name: fields[name].run_validation(request.data[name]) for name in passed})
        domain = {each.field: [ErrorDetail(gettext(each.message), code=each.field_code)] for each in problems}
        raise serializers.ValidationError({**error.detail, **domain}) from error
