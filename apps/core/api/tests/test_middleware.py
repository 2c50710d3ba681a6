"""The API's way past the middleware of pages: the same headers, languages, hosts and slashes, and no cookies."""

import pytest
from django.conf import settings
from django.test import Client, override_settings

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Language": "en",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Vary": "Accept-Language",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
PATHS = ["/api/v1/health/live/", "/api/v1/no-such-place/", "/api/v1/charges/"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_every_answer_of_the_api_has_these_headers(client: Client, path: str) -> None:
    headers = client.get(path).headers

    assert {name: headers.get(name) for name in HEADERS} == HEADERS
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert int(headers["Content-Length"]) > 0
    assert headers["X-Request-ID"]


@pytest.mark.django_db
def test_a_page_has_them_too(client: Client) -> None:
    headers = client.get("/admin/login/").headers

    assert headers["X-Request-ID"]
    assert {name: headers.get(name) for name in HEADERS if name not in ("Vary", "Cache-Control")} == {
        name: value for name, value in HEADERS.items() if name not in ("Vary", "Cache-Control")
    }


@pytest.mark.parametrize(
    ("headers", "cookie", "language"),
    [
        ({}, "", "en"),
        ({"Accept-Language": "fa"}, "", "fa"),
        ({"Accept-Language": "fa-IR,en;q=0.5"}, "", "fa"),
        ({"Accept-Language": "de, fa;q=0.5"}, "", "fa"),
        ({"Accept-Language": "de"}, "", "en"),
        ({"Accept-Language": "en"}, "fa", "fa"),
        ({"Accept-Language": "x" * 5_000}, "no such", "en"),
    ],
)
def test_the_language_is_that_of_the_header_or_the_cookie(
    client: Client, headers: dict[str, str], cookie: str, language: str
) -> None:
    if cookie:
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = cookie
    answer = client.post("/api/v1/charges/", headers=headers)

    assert answer.headers["Content-Language"] == language
    assert answer.status_code == 401
    assert ("Authentication is needed" in answer.json()["title"]) is (language == "en")


@pytest.mark.parametrize("path", PATHS[1:])
def test_a_host_that_is_not_served_is_refused_with_the_headers(client: Client, path: str) -> None:
    answer = client.get(path, headers={"Host": "elsewhere.example"})

    assert answer.status_code == 400
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Language"] == "en"


@override_settings(SECURE_SSL_REDIRECT=True)
@pytest.mark.parametrize(("path", "status"), [("/api/v1/charges/", 301), ("/admin/", 301)])
def test_plain_http_is_redirected_before_anything_else(path: str, status: int) -> None:
    answer = Client().get(path)

    assert answer.status_code == status
    assert answer.headers["Location"].startswith("https://")


@pytest.mark.django_db
def test_the_cookie_of_the_back_office_does_not_log_in_to_the_api(client: Client, admin_user: object) -> None:
    client.force_login(admin_user)  # type: ignore[arg-type]  # our user model
    assert client.get("/admin/").status_code == 200

    answer = client.get("/api/v1/transactions/")
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers["Vary"]
