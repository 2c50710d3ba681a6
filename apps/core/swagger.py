"""How the API documents itself (Swagger 2.0 through drf-yasg)."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from drf_yasg import openapi
from drf_yasg.inspectors import SwaggerAutoSchema
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers

from apps.core.problems import CONTENT_TYPE, PROBLEMS

View = TypeVar("View", bound=Callable[..., Any])

IDEMPOTENCY_KEY = openapi.Parameter(
    "Idempotency-Key",
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    description="1 to 255 visible ASCII characters, bare or quoted. Send the same key again to retry safely: "
    "what already happened is answered again, with `Idempotent-Replayed: true`.",
)
REPLAYED_HEADER = {
    "Idempotent-Replayed": {"type": "string", "description": "`true` when this answers an earlier request again"}
}


class FieldProblemSerializer(serializers.Serializer[Any]):
    """What is wrong with one field."""

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
    """Say that refusals are problem documents."""

    def get_produces(self) -> list[str]:
        return ["application/json", CONTENT_TYPE]


def problem_responses(*codes: str) -> dict[int, openapi.Response]:
    """Return one documented response for each HTTP status that `codes` have."""
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in codes:
        by_status[PROBLEMS[code].status].append(code)
    return {status: _problem_response(status, names) for status, names in sorted(by_status.items())}


def _problem_response(status: int, codes: Sequence[str]) -> openapi.Response:
    example = {
        "type": f"urn:sharj:problem:{codes[0]}",
        "title": PROBLEMS[codes[0]].title,
        "status": status,
        "detail": PROBLEMS[codes[0]].title + ".",
        "code": codes[0],
        "request_id": "0197f3a0-7c1e-7b6a-9d1f-3f6f0c2f8a11",
    }
    description = "; ".join(f"`{code}`: {PROBLEMS[code].title}" for code in codes)
    return openapi.Response(description, ProblemSerializer, examples={CONTENT_TYPE: example})


def documented(
    *,
    summary: str,
    answers: dict[int, Any],
    problems: Sequence[str] = (),
    request: Any = None,
    query: type[serializers.Serializer[Any]] | None = None,
    headers: Sequence[openapi.Parameter] = (),
    tags: Sequence[str] | None = None,
    public: bool = False,
    consumes_nothing: bool = False,
) -> Callable[[View], View]:
    """Document one operation: its real request, its real answers and every refusal it can give."""
    common = ("temporarily_unavailable",) if public else ("not_authenticated", "temporarily_unavailable")
    options: dict[str, Any] = {
        "operation_summary": summary,
        "responses": {**answers, **problem_responses(*problems, *common)},
        "manual_parameters": list(headers),
    }
    if request is not None or consumes_nothing:
        options["request_body"] = request if request is not None else openapi.Schema(type=openapi.TYPE_OBJECT)
    if query is not None:
        options["query_serializer"] = query
    if tags:
        options["tags"] = list(tags)
    if public:
        options["security"] = []
    decorate: Callable[[View], View] = swagger_auto_schema(**options)
    return decorate


def page_of(item: type[serializers.BaseSerializer[Any]]) -> type[serializers.Serializer[Any]]:
    """Return the serializer that documents one keyset page of `item`."""
    name = item.__name__.removesuffix("Serializer") + "Page"
    meta = type("Meta", (), {"ref_name": name})
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
