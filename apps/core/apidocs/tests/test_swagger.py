"""The pages of the documentation, and the Swagger document against the URLconf and the serializers."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern
from rest_framework.serializers import Serializer
from swagger_spec_validator.validator20 import validate_spec

from apps.core.api.problems import PROBLEMS
from apps.core.apidocs.document import LINKS, TAGS
from apps.testing.api import Caller
from config.urls import api

OAUTH = "/auth/token/"  # whose refusals have the form of RFC 6749
METHODS = ("get", "post", "put", "patch", "delete")


def endpoints() -> Iterator[tuple[str, str, type]]:
    """Yield path, method and view class of everything below the API's base path."""
    for pattern in (pattern for resolver in api for pattern in resolver.url_patterns):
        assert isinstance(pattern, URLPattern)
        view = pattern.callback.view_class  # type: ignore[attr-defined]  # as_view() sets it
        path = "/" + str(pattern.pattern)
        for name in pattern.pattern.converters:
            path = path.replace(next(part for part in path.split("/") if part.endswith(f":{name}>")), f"{{{name}}}")
        yield from ((path, method, view) for method in METHODS if hasattr(view, method))


def operations(schema: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in schema["paths"].items():
        yield from ((path, method, methods[method]) for method in METHODS if method in methods)


def request_serializers() -> dict[str, type[Serializer[Any]]]:
    """Return the serializer of each request body that the views declare."""
    found = {}
    for _, method, view in endpoints():
        serializer = getattr(view, method)._swagger_auto_schema.get("request_body")
        if serializer is not None:
            found[serializer.__name__] = serializer
    return found


@pytest.mark.parametrize("path", ["/swagger/", "/redoc/"])
def test_the_page_opens_without_a_login_and_without_another_host(anonymous: Caller, path: str) -> None:
    answer = anonymous.get(path, Accept="text/html")

    assert (answer.status, answer.content_type) == (200, "text/html")
    assert b'src="http' not in answer.content
    assert b'href="http' not in answer.content


def test_it_is_a_valid_swagger_document(schema: Any) -> None:
    validate_spec(schema)
    assert (schema["swagger"], schema["basePath"]) == ("2.0", "/api/v1")


def test_every_endpoint_and_method_is_there_and_nothing_else(schema: Any) -> None:
    documented = {(path, method) for path, method, _ in operations(schema)}
    assert documented == {(path, method) for path, method, _ in endpoints()}


def test_every_operation_has_a_success_and_its_problems(schema: Any) -> None:
    for path, method, operation in operations(schema):
        statuses = {int(status) for status in operation["responses"]}
        assert any(200 <= status < 300 for status in statuses), (path, method)
        assert (503 in statuses) == (path != "/health/live/"), (path, method)  # which asks no database
        unavailable = operation["responses"].get("503", {}).get("description", "")
        assert ("`outcome_unknown`" in unavailable) == (method != "get" and path != OAUTH), (path, method)
        if operation.get("security") != []:
            assert 401 in statuses, (path, method)
        if any(parameter["in"] == "body" for parameter in operation["parameters"]):
            assert {400, 413, 415} <= statuses, (path, method)


def test_every_problem_example_is_a_problem_of_its_status(schema: Any) -> None:
    for path, method, operation in operations(schema):
        for status, response in operation["responses"].items():
            if int(status) < 400 or response["schema"]["$ref"] == "#/definitions/Health":
                continue
            if path == OAUTH:
                assert response["schema"]["$ref"] == "#/definitions/OAuthError"
                continue
            assert response["schema"]["$ref"] == "#/definitions/Problem"
            example = response["examples"]["application/problem+json"]
            assert example["code"] in PROBLEMS
            assert example["status"] == PROBLEMS[example["code"]].status == int(status), (path, method)
            assert ("errors" in example) == (example["code"] == "validation_error"), (path, method)
            assert example.get("errors") != [], (path, method)
    assert set(schema["definitions"]["Problem"]["properties"]["code"]["enum"]) == set(PROBLEMS)


def test_the_token_endpoints_answer_200_with_both_tokens(schema: Any) -> None:
    for path in ("/auth/seller/login/", "/auth/admin/login/", "/auth/refresh/"):
        responses = schema["paths"][path]["post"]["responses"]
        assert "201" not in responses
        definition = responses["200"]["schema"]["$ref"].rpartition("/")[2]
        assert schema["definitions"][definition]["properties"].keys() == {
            "access",
            "refresh",
            "token_type",
            "expires_in",
            "refresh_expires_in",
        }


def test_sections_come_in_the_order_in_which_one_meets_them(schema: Any) -> None:
    assert [tag["name"] for tag in schema["tags"]] == list(TAGS)
    assert {tag for _, _, operation in operations(schema) for tag in operation["tags"]} == set(TAGS)


def test_operation_ids_are_unique_and_speak(schema: Any) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(schema)]
    assert len(set(ids)) == len(ids)
    assert {"register_seller", "sell_charge", "list_transactions", "approve_credit_request"} <= set(ids)


def test_links_lead_to_operations_and_their_parameters(schema: Any) -> None:
    """A misspelled operation would just be left out, so each entry of the table must have arrived."""
    parameters = {
        operation["operationId"]: {each["name"] for each in schema["paths"][path].get("parameters", [])}
        for path, _, operation in operations(schema)
    }
    found = {
        (operation["operationId"], status)
        for _, _, operation in operations(schema)
        for status, response in operation["responses"].items()
        if "x-links" in response
    }
    assert found == LINKS.keys()
    for _, targets in LINKS.values():
        assert all(parameter in parameters[target] for target, parameter in targets)


def test_what_may_be_null_or_empty_is_said(schema: Any) -> None:
    """schemathesis found each of these undocumented."""
    definitions = schema["definitions"]
    nullable = {name for name, definition in definitions.items() if definition.get("x-nullable")}
    assert all(name.startswith("Nullable") for name in nullable)
    for definition, member in [("BulkResult", "error"), ("BulkResult", "transaction"), ("Me", "seller")]:
        assert definitions[definition]["properties"][member]["$ref"].rpartition("/")[2] in nullable
    assert "minLength" not in definitions["Transaction"]["properties"]["description"]
    for definition in ("SellerUser", "SellerUserChanges", "Invitation"):
        assert "format" not in definitions[definition]["properties"]["email"]


def test_authorize_takes_a_bearer_token(schema: Any) -> None:
    assert schema["securityDefinitions"]["Bearer"]["name"] == "Authorization"
    assert "Bearer" in schema["securityDefinitions"]["Bearer"]["description"]
    assert schema["security"] == [{"Bearer": []}]


@pytest.mark.parametrize("path", ["/charges/", "/credit-requests/"])
def test_the_idempotency_key_and_its_answer_are_described(schema: Any, path: str) -> None:
    operation = schema["paths"][path]["post"]
    assert "Idempotency-Key" in {parameter["name"] for parameter in operation["parameters"]}
    assert "Idempotent-Replayed" in operation["responses"]["201"]["headers"]


@pytest.mark.parametrize("path", ["/charges/", "/charges/bulk/"])
def test_the_dry_run_and_its_answer_are_described(schema: Any, path: str) -> None:
    operation = schema["paths"][path]["post"]
    [parameter] = [each for each in operation["parameters"] if each["name"] == "dry_run"]
    assert (parameter["in"], parameter["type"], parameter["required"]) == ("query", "boolean", False)
    answer = schema["definitions"][operation["responses"]["200"]["schema"]["$ref"].rpartition("/")[2]]
    assert {"would_succeed", "code", "balance_after"} <= answer["properties"].keys()
    assert "headers" not in operation["responses"]["200"]


@pytest.mark.parametrize("path", ["/transactions/", "/sellers/{seller_id}/transactions/"])
def test_the_csv_answer_is_described(schema: Any, path: str) -> None:
    assert "text/csv" in schema["paths"][path]["get"]["produces"]


def test_the_bodies_of_requests_have_no_other_members_and_answers_may_get_more(schema: Any) -> None:
    closed = {name for name, definition in schema["definitions"].items() if "additionalProperties" in definition}
    assert closed == {name.removesuffix("Serializer") for name in request_serializers()} | {"BulkItem"}
    opened = {name for name in closed if schema["definitions"][name]["additionalProperties"]}
    assert opened == {"TokenRequest"}, "RFC 6749 demands that its unknown parameters are ignored"


@pytest.mark.parametrize("path", ["/swagger/", "/redoc/"])
def test_the_page_reads_the_document_at_its_own_address(anonymous: Caller, path: str) -> None:
    """Not at `?format=openapi`, which the API no longer has."""
    page = anonymous.get(path, Accept="text/html").content.decode()
    assert re.search(r'"url": "(http://testserver)?/swagger\.json"', page)


@pytest.mark.parametrize("name", sorted(request_serializers()))
def test_the_example_of_a_request_passes_its_serializer(name: str) -> None:
    serializer = request_serializers()[name]
    example = serializer.Meta.swagger_schema_fields["example"]  # type: ignore[attr-defined]  # each of ours has a Meta
    attempt = serializer(data=example)
    assert attempt.is_valid(), attempt.errors
    assert example.keys() <= attempt.fields.keys()


@pytest.mark.parametrize("path", ["/swagger/", "/redoc/"])
def test_the_pages_name_their_language_and_fit_a_phone(path: str) -> None:
    answer = Client().get(path)
    page = answer.content.decode()
    assert '<html lang="en">' in page
    assert 'name="viewport" content="width=device-width, initial-scale=1"' in page
    assert "<title>Sharj API | " in page
    assert "core/swagger.js" in page
    assert "<script>" not in page  # the Content-Security-Policy refuses it
    assert "default-src 'self'" in answer["Content-Security-Policy"]


def test_the_document_names_the_currency() -> None:
    document = Client().get("/swagger.json").json()
    assert "in IRR (ISO 4217)" in document["info"]["description"]
    assert "two places, in IRR" in str(document["definitions"])
