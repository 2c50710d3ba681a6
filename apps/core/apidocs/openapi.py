"""The document in OpenAPI 3.0, converted from the Swagger document once per process, for tools that read only this."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.http import require_safe
from drf_yasg.app_settings import swagger_settings
from drf_yasg.codecs import OpenAPICodecJson

from apps.core.api.problems import CONTENT_TYPE as PROBLEM
from apps.core.apidocs.document import DocumentGenerator

Document = dict[str, Any]

JSON = "application/json"
# What is of a parameter or header itself in OpenAPI 3.0; all else of it is in its schema.
_OF_PARAMETERS = frozenset({"name", "in", "description", "required"})
_RENAMED = {"x-nullable": "nullable", "x-links": "links"}
_SECURITY = {
    "Bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "Client": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/api/v1/auth/token/", "scopes": {}}}},
}


@require_safe
def openapi_json(request: HttpRequest) -> HttpResponse:
    """Answer the document."""
    return HttpResponse(_served(), content_type=JSON)


@cache
def _served() -> bytes:
    with translation.override("en"):
        generator = DocumentGenerator(swagger_settings.DEFAULT_INFO)
        swagger = OpenAPICodecJson([]).encode(generator.get_schema(request=None, public=True))
    return json.dumps(convert(json.loads(swagger)), ensure_ascii=False).encode()


def convert(swagger: Mapping[str, Any]) -> Document:
    """Return a document of ours in OpenAPI 3.0.3, with the address of the API relative to the document's."""
    return {
        "openapi": "3.0.3",
        "info": swagger["info"],
        "servers": [{"url": swagger["basePath"]}],
        "tags": swagger["tags"],
        "security": [{name: []} for name in _SECURITY],
        "paths": {path: _path(item) for path, item in swagger["paths"].items()},
        "components": {
            "schemas": {name: _renamed(schema) for name, schema in swagger["definitions"].items()},
            "securitySchemes": _SECURITY,
        },
    }


def _renamed(value: Any) -> Any:
    """Return `value` with references and extensions as OpenAPI 3.0 writes them."""
    if isinstance(value, list):
        return [_renamed(each) for each in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("$ref"), str):
        return {"$ref": value["$ref"].replace("#/definitions/", "#/components/schemas/")}
    return {
        _RENAMED.get(name, name): inner if name in ("example", "examples") else _renamed(inner)
        for name, inner in value.items()
    }


def _path(item: Mapping[str, Any]) -> Document:
    shared = [_parameter(parameter) for parameter in item.get("parameters", ())]
    operations = {method: _operation(item[method]) for method in item if method != "parameters"}
    return {**operations, **({"parameters": shared} if shared else {})}


def _operation(operation: Mapping[str, Any]) -> Document:
    """Return an operation; its body is not a parameter, and each answer names its own content types."""
    kept = {name: operation[name] for name in ("operationId", "summary", "description", "tags", "security")
            if name in operation}  # fmt: skip
    parameters = [_parameter(each) for each in operation["parameters"] if each["in"] != "body"]
    bodies = [each for each in operation["parameters"] if each["in"] == "body"]
    responses = operation["responses"].items()
    return {
        **kept,
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": _body(bodies[0])} if bodies else {}),
        "responses": {status: _response(response, operation) for status, response in responses},
    }


def _parameter(parameter: Mapping[str, Any]) -> Document:
    return {**{name: parameter[name] for name in parameter if name in _OF_PARAMETERS}, "schema": _schema(parameter)}


def _schema(described: Mapping[str, Any]) -> Any:
    return _renamed({name: described[name] for name in described if name not in _OF_PARAMETERS})


def _body(body: Mapping[str, Any]) -> Document:
    """Return a body as JSON. That of `auth/token/` may be a form too, but two types break code of generators."""
    return {"required": True, "content": {JSON: {"schema": _renamed(body["schema"])}}}


def _response(response: Mapping[str, Any], operation: Mapping[str, Any]) -> Document:
    converted: Document = {"description": response["description"]}
    if "headers" in response:
        converted["headers"] = {
            name: {"description": header["description"], "schema": _schema(header)}
            for name, header in response["headers"].items()
        }
    if "x-links" in response:
        converted["links"] = response["x-links"]
    if "schema" in response:
        converted["content"] = _content(response, operation)
    return converted


def _content(response: Mapping[str, Any], operation: Mapping[str, Any]) -> Document:
    """Return the answer's content: a problem document, or all the others that the operation produces."""
    schema, examples = _renamed(response["schema"]), response.get("examples", {})
    is_problem = schema.get("$ref", "").endswith("/Problem")
    types = [PROBLEM] if is_problem else [name for name in operation["produces"] if name != PROBLEM]
    return {
        name: {"schema": schema, **({"example": examples[name]} if name in examples else {})}
        if name in (JSON, PROBLEM)
        else {"schema": {"type": "string"}}
        for name in types
    }
