"""Input of a request, read by a serializer: a value of the wrong kind is a 400 before any change."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from django.utils.translation import get_language, gettext
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request

from apps.core.errors import InvalidInput


class ListQuerySerializer(serializers.Serializer[Any]):
    """The query parameters of every list."""

    cursor = serializers.CharField(required=False, help_text="Taken from `next` or `previous`.")
    page_size = serializers.IntegerField(required=False, min_value=1, help_text="At most 500; 50 when not given.")


@cache
def _reader(serializer_class: type[serializers.Serializer[Any]], language: str | None) -> serializers.Serializer[Any]:
    """Return one instance for all requests in a language, because creation copies every field.

    Validation keeps no state but the texts of its refusals, which DRF formats once, in the language of that moment.
    """
    return serializer_class()


def read_query(serializer_class: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return the validated filters that the client gave; empty ones (`?status=`) count as not given.

    Raises:
        ValidationError: a value of the wrong kind.
    """
    given = {name: value for name, value in request.query_params.items() if value != ""}
    serializer = serializer_class(data=given)
    serializer.is_valid(raise_exception=True)
    return {name: value for name, value in serializer.validated_data.items() if name not in ("cursor", "page_size")}


def read_body(serializer_class: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return the validated JSON body.

    Raises:
        ValidationError, ParseError, RequestTooLarge: the body does not match `serializer_class`.
    """
    validated: dict[str, Any] = _reader(serializer_class, get_language()).run_validation(request.data)
    return validated


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
        fields = _reader(serializer_class, get_language()).fields
        passed = {name for name in names if name in request.data and name not in error.detail}
        problems = judge(**{name: fields[name].run_validation(request.data[name]) for name in passed})
        domain = {each.field: [ErrorDetail(gettext(each.message), code=each.field_code)] for each in problems}
        raise serializers.ValidationError({**error.detail, **domain}) from error
