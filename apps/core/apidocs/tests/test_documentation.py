"""/swagger/, /redoc/ and /swagger.json, for anyone."""

import pytest

from apps.core.api.problems import PROBLEMS
from apps.testing.api import Caller

PATHS = {
    "/auth/seller/register/", "/auth/seller/login/", "/auth/admin/login/", "/auth/refresh/", "/auth/logout/",
    "/auth/me/", "/sellers/", "/sellers/{seller_id}/", "/sellers/{seller_id}/verify/", "/sellers/{seller_id}/suspend/",
    "/sellers/{seller_id}/reactivate/", "/sellers/{seller_id}/balance/", "/sellers/{seller_id}/transactions/",
    "/sellers/{seller_id}/reconciliation/", "/credit-requests/", "/credit-requests/{credit_request_id}/",
    "/credit-requests/{credit_request_id}/approve/", "/credit-requests/{credit_request_id}/reject/",
    "/credit-requests/{credit_request_id}/cancel/", "/charges/", "/transactions/", "/transactions/{entry_id}/",
    "/sellers/me/users/", "/sellers/me/users/{user_id}/", "/transactions/{entry_id}/reverse/",
    "/phone-numbers/", "/reconciliation/", "/health/live/", "/health/ready/",
}  # fmt: skip


@pytest.mark.parametrize("path", ["/swagger/", "/redoc/"])
def test_the_page_opens_without_a_login_and_without_another_host(anonymous: Caller, path: str) -> None:
    answer = anonymous.get(path, Accept="text/html")

    assert (answer.status, answer.content_type) == (200, "text/html")
    assert b'src="http' not in answer.content
    assert b'href="http' not in answer.content


def test_every_endpoint_is_described(anonymous: Caller) -> None:
    schema = anonymous.get("/swagger.json").body

    assert schema["swagger"] == "2.0"
    assert schema["basePath"] == "/api/v1"
    assert schema["paths"].keys() >= PATHS


def test_the_token_endpoints_answer_200_with_both_tokens(anonymous: Caller) -> None:
    schema = anonymous.get("/swagger.json").body

    for path in ("/auth/seller/login/", "/auth/admin/login/", "/auth/refresh/"):
        responses = schema["paths"][path]["post"]["responses"]
        assert "201" not in responses
        definition = responses["200"]["schema"]["$ref"].rpartition("/")[2]
        assert schema["definitions"][definition]["properties"].keys() == {"access", "refresh"}


def test_every_refusal_is_described_as_a_problem(anonymous: Caller) -> None:
    schema = anonymous.get("/swagger.json").body

    operations = [
        operation
        for address, path in schema["paths"].items()
        for name, operation in path.items()
        if name != "parameters" and address != "/health/live/"  # it asks no database, and refuses nobody
    ]
    for operation in operations:
        refusals = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert "503" in refusals
        for answer in refusals.values():
            assert answer["schema"]["$ref"].rpartition("/")[2] in {"Problem", "Health"}
    assert set(schema["definitions"]["Problem"]["properties"]["code"]["enum"]) == set(PROBLEMS)
