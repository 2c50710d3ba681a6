"""Documentation of operations: `documented`, and the schemas behind it (Swagger 2.0 through drf-yasg)."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, TypeVar, cast

from django.utils import translation
from drf_yasg import openapi
from drf_yasg.inspectors import SwaggerAutoSchema
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers

from apps.core.api.error_handlers import flatten_errors
from apps.core.api.input import CallInput, refuse_unknown_input
from apps.core.api.problems import CONTENT_TYPE, PROBLEMS, document
from apps.core.apidocs.inspectors import NullableReferenceInspector

View = TypeVar("View", bound=Callable[..., Any])

IDEMPOTENCY_KEY = openapi.Parameter(
    "Idempotency-Key",
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    description="1 to 255 visible ASCII characters, bare or quoted. Send the same key again to retry safely: "
    "what already happened is answered again, as it is now, with `Idempotent-Replayed: true`.",
)
REPLAYED_HEADER = {
    "Idempotent-Replayed": {"type": "string", "description": "`true` when this answers an earlier request again"}
}

_TOKEN_PROBLEMS = ("not_authenticated", "invalid_token")
_BODY_PROBLEMS = ("request_too_large", "unsupported_media_type")
RETRY_HEADER = {"Retry-After": {"type": "integer", "description": "Seconds to wait before the next try"}}
LIMIT_HEADERS = {
    "RateLimit-Policy": {"type": "string", "description": "The limit: `q` requests in `w` seconds"},
    "RateLimit": {"type": "string", "description": "`r` requests are left of it for the next `t` seconds"},
}


class FieldProblemSerializer(serializers.Serializer[Any]):
    """A complaint about one field."""

    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details, RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.ChoiceField(choices=list(PROBLEMS))
    request_id = serializers.CharField()
    errors = FieldProblemSerializer(many=True, required=False)  # type: ignore[assignment]  # a member of that name

    class Meta:
        ref_name = "Problem"


class ProblemAutoSchema(SwaggerAutoSchema):  # type: ignore[misc]  # drf-yasg has no types
    """A schema that adds the problems, examples and content types given to `documented`."""

    field_inspectors = (NullableReferenceInspector, *SwaggerAutoSchema.field_inspectors)

    def get_operation_id(self, operation_keys: Sequence[str] | None = None) -> str:
        """Return the summary in snake case, e.g. `sell_charge` for "Sell a charge"."""
        words = re.findall(r"[a-z]+", self.overrides["operation_summary"].lower().replace("'s", ""))
        return "_".join(word for word in words if word not in ("a", "an", "the"))

    def get_produces(self) -> list[str]:
        return ["application/json", *self.overrides["also_produces"], CONTENT_TYPE]

    def get_response_serializers(self) -> dict[str, Any]:
        """Return the answers and the problems of the operation."""
        answers = {str(status): self._answer(status, what) for status, what in self.overrides["answers"].items()}
        problems = self.overrides["problems"]
        if self.method != "GET" and "temporarily_unavailable" in problems:
            problems = [*problems, "outcome_unknown"]
        return {**answers, **problem_responses(problems, self._first_errors())}

    def _answer(self, status: int, what: Any) -> openapi.Response:
        if what is None:
            return openapi.Response(HTTPStatus(status).phrase)
        extra: dict[str, Any] = {}
        if IDEMPOTENCY_KEY in self.overrides["manual_parameters"] and status == HTTPStatus.CREATED:
            extra["headers"] = REPLAYED_HEADER
        if status in self.overrides["examples"]:
            extra["examples"] = {"application/json": {**example_of(what), **self.overrides["examples"][status]}}
        return openapi.Response(HTTPStatus(status).phrase, what, **extra)

    def _first_errors(self) -> list[dict[str, str]]:
        """Return the first complaint of the operation's serializer about nonsense, as the example of a 400."""
        serializer = self.overrides.get("request_body") or self.overrides.get("query_serializer")
        if serializer is None:
            return [{"field": "page", "code": "unknown_parameter", "detail": "Not known to this call."}]
        for data in (dict.fromkeys(serializer().fields, "?"), {}):
            attempt = serializer(data=data)
            if not attempt.is_valid():
                return list(flatten_errors(attempt.errors))[:1]
        return []


def problem_responses(codes: Sequence[str], errors: Sequence[dict[str, str]]) -> dict[str, openapi.Response]:
    """Return one documented response for each HTTP status that `codes` have, with every code described in it."""
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in codes:
        by_status[PROBLEMS[code].status].append(code)
    return {str(status): _problem_response(names, errors) for status, names in sorted(by_status.items())}


def _problem_response(codes: Sequence[str], errors: Sequence[dict[str, str]]) -> openapi.Response:
    described = [f"`{code}`: {PROBLEMS[code].title}{_members_text(code)}" for code in codes]
    description = "\n".join(f"- {text}" for text in described) if len(codes) > 1 else described[0]
    body = problem_example(codes[0], errors)
    headers = {"temporarily_unavailable": RETRY_HEADER, "throttled": {**RETRY_HEADER, **LIMIT_HEADERS}}.get(codes[0])
    extra = {"headers": headers} if headers else {}
    # Swagger UI shows the example of the chosen content type, at first that of success: so both have it.
    examples = {"application/json": body, CONTENT_TYPE: body}
    return openapi.Response(description, ProblemSerializer, examples=examples, **extra)


def _members_text(code: str) -> str:
    members = PROBLEMS[code].members
    if not members:
        return ""
    if any(isinstance(value, list) for value in members.values()):
        return f", with {', '.join(f'`{name}`' for name in members)}"
    return f", with `{json.dumps(members)}`"


def problem_example(code: str, errors: Sequence[dict[str, str]] = ()) -> dict[str, Any]:
    """Return an example of the problem document of this code."""
    members = {"errors": list(errors)} if code == "validation_error" else PROBLEMS[code].members
    with translation.override(None):
        return {**document(code, **members), "request_id": "0197f3a0-7c1e-7b6a-9d1f-3f6f0c2f8a11"}


def documented(
    *,
    summary: str,
    description: str = "",
    answers: dict[int, Any],
    problems: Sequence[str] = (),
    request: type[serializers.Serializer[Any]] | None = None,
    query: type[serializers.Serializer[Any]] | None = None,
    headers: Sequence[openapi.Parameter] = (),
    examples: Mapping[int, Mapping[str, Any]] = MappingProxyType({}),
    also_produces: Sequence[str] = (),
    tags: Sequence[str] | None = None,
    public: bool = False,
    asks_database: bool = True,
) -> Callable[[View], View]:
    """Document one operation and hold it to that: its request, its answers and every refusal it can give.

    Query parameters, bodies and key headers that are not declared here are refused before the operation begins.
    Without a `description`, the docstring of the method is it. `examples` holds, by status, the members in which an
    answer differs from the serializer's own example.
    """
    refusals = [
        "validation_error",
        *problems,
        *(_BODY_PROBLEMS if request else ()),
        *(() if public else (*_TOKEN_PROBLEMS, "throttled")),
    ]
    refusals += ["temporarily_unavailable"] if asks_database else []
    options: dict[str, Any] = {
        "operation_summary": summary,
        "answers": answers,
        "problems": [code for code in dict.fromkeys(refusals) if PROBLEMS[code].status not in answers],
        "examples": dict(examples),
        "also_produces": also_produces,
        "manual_parameters": list(headers),
        "request_body": request,
        "query_serializer": query,
    }
    if description:
        options["operation_description"] = description
    if tags:
        options["tags"] = list(tags)
    if public:
        options["security"] = []
    call = CallInput(
        parameters=frozenset(query().fields) if query else frozenset(),
        has_body=request is not None,
        has_key_header=IDEMPOTENCY_KEY in headers,
    )
    describe: Callable[[View], View] = swagger_auto_schema(**options)
    return lambda view: describe(_strict(view, call))


def _strict(view: View, call: CallInput) -> View:
    """Return `view` with a check before it: what `call` does not name is refused."""

    @wraps(view)
    def checked(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        refuse_unknown_input(request, call)
        return view(self, request, *args, **kwargs)

    return cast("View", checked)


def example_of(serializer: type[serializers.BaseSerializer[Any]]) -> dict[str, Any]:
    """Return the example that a serializer shows in the documentation."""
    example: dict[str, Any] = serializer.Meta.swagger_schema_fields["example"]  # type: ignore[attr-defined]  # each of ours has a Meta
    return example


def page_of(item: type[serializers.BaseSerializer[Any]]) -> type[serializers.Serializer[Any]]:
    """Return the serializer that documents one keyset page of `item`."""
    name = item.__name__.removesuffix("Serializer") + "Page"
    page = {"next": None, "previous": None, "results": [example_of(item)]}
    meta = type("Meta", (), {"ref_name": name, "swagger_schema_fields": {"example": page}})
    return type(
        name,
        (serializers.Serializer,),
        {
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": item(many=True),
            "Meta": meta,
        },
    )
