"""The document in OpenAPI 3.0: valid, and of the same operations, parameters, bodies and answers as the other one."""

import json
import subprocess
import sys
from typing import Any

import pytest

from apps.core.api.problems import CONTENT_TYPE as PROBLEM
from apps.core.apidocs.openapi import JSON
from apps.testing.api import Caller

METHODS = frozenset({"get", "post", "put", "patch", "delete"})


@pytest.fixture
def openapi(anonymous: Caller) -> Any:
    """The served document."""
    answer = anonymous.get("/openapi.json")
    assert (answer.status, answer.content_type) == (200, JSON)
    return answer.body


def operations(document: Any) -> dict[tuple[str, str], Any]:
    return {
        (path, method): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def test_it_is_a_valid_document_of_openapi_3(openapi: Any) -> None:
    # In a process of its own: the library changes the dialects of jsonschema, and Bravado would then ask its address.
    command = [sys.executable, "-m", "openapi_spec_validator", "--schema", "3.0", "-"]
    done = subprocess.run(command, input=json.dumps(openapi), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert openapi["openapi"].startswith("3.0.")


def test_nothing_of_swagger_2_is_left(openapi: Any) -> None:
    text = json.dumps(openapi)
    for word in ("#/definitions/", "x-nullable", "x-links", '"in": "body"', "securityDefinitions", '"produces"'):
        assert word not in text


def test_it_says_of_each_operation_what_the_other_document_says(openapi: Any, schema: Any) -> None:
    assert openapi["info"] == schema["info"]
    assert openapi["components"]["schemas"].keys() == schema["definitions"].keys()
    here, there = operations(openapi), operations(schema)
    assert here.keys() == there.keys()
    for call, operation in there.items():
        converted = here[call]
        for name in ("operationId", "summary", "description", "tags", "security"):
            assert converted.get(name) == operation.get(name), call
        told = [parameter for parameter in operation["parameters"] if parameter["in"] != "body"]
        assert [each["name"] for each in converted.get("parameters", ())] == [each["name"] for each in told], call
        for parameter, other in zip(converted.get("parameters", ()), told, strict=True):
            assert parameter["schema"]["type"] == other["type"]
            assert parameter["schema"].get("enum") == other.get("enum")
        assert ("requestBody" in converted) == (len(told) < len(operation["parameters"])), call
        assert converted["responses"].keys() == operation["responses"].keys(), call
        for status, response in operation["responses"].items():
            assert ("content" in converted["responses"][status]) == ("schema" in response), (call, status)
            assert converted["responses"][status].get("links") == response.get("x-links")
            assert converted["responses"][status].get("headers", {}).keys() == response.get("headers", {}).keys()


def test_refusals_are_problem_documents_and_exports_are_text(openapi: Any) -> None:
    answers = operations(openapi)["/transactions/", "get"]["responses"]
    assert answers["200"]["content"].keys() == {JSON, "text/csv"}
    assert answers["200"]["content"]["text/csv"]["schema"] == {"type": "string"}
    assert answers["400"]["content"].keys() == {PROBLEM}
    assert answers["400"]["content"][PROBLEM]["example"]["code"] == "validation_error"


def test_the_tokens_of_programs_are_described(openapi: Any) -> None:
    token = operations(openapi)["/auth/token/", "post"]
    assert token["responses"]["401"]["content"].keys() == {JSON}
    flow = openapi["components"]["securitySchemes"]["Client"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == openapi["servers"][0]["url"] + "/auth/token/"


def test_a_member_that_may_be_null_says_so(openapi: Any) -> None:
    schemas = openapi["components"]["schemas"]
    assert schemas["ApiClient"]["properties"]["expires_at"]["nullable"] is True
    assert schemas["NullableSeller"]["nullable"] is True


def test_it_is_the_same_in_every_language_and_may_be_kept(anonymous: Caller) -> None:
    english, persian = (anonymous.call("GET", "/openapi.json", **{"Accept-Language": name}) for name in ("en", "fa"))
    assert english.content == persian.content
    assert "Cache-Control" not in english.headers
    assert anonymous.post("/openapi.json").status == 405
