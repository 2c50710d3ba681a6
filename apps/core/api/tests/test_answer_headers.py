"""Cache-Control: what the API answers is kept nowhere; the documentation and static files may be."""

import pytest
from django.test import Client, override_settings

from apps.testing.api import PHONE, Caller

CHARGE = {"phone_number": PHONE, "amount": "10.00"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "sellers/me/", 200),
        ("GET", "transactions/", 200),
        ("POST", "charges/", 201),
        ("POST", "charges", 308),
        ("GET", "charges", 301),
        ("PUT", "charges/", 405),
        ("GET", "sellers/", 403),
        ("GET", "nothing-here/", 404),
        ("GET", "health/live/", 200),
        ("GET", "health/ready/", 200),
        ("GET", "/", 200),
        ("GET", "/api/v1/", 200),
        ("GET", "/metrics", 200),
        ("GET", "/nothing-here", 404),
    ],
)
def test_no_answer_is_kept(owner: Caller, method: str, path: str, status: int) -> None:
    answer = owner.call(method, path, CHARGE if method == "POST" else None)

    assert (answer.status, answer.headers["Cache-Control"]) == (status, "no-store")


def test_neither_are_csv_a_login_an_error_and_a_refusal_without_a_token(
    owner: Caller, anonymous: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [
        owner.get("transactions/", Accept="text/csv"),
        anonymous.post("auth/seller/login/", {"username": "x", "password": "y"}),
        anonymous.get("auth/me/"),
        anonymous.get("health/live/", Host="elsewhere.example"),
    ]
    assert [(answer.status, answer.headers["Cache-Control"]) for answer in answers] == [
        (status, "no-store") for status in (200, 401, 401, 400)
    ]
    monkeypatch.setattr("apps.core.api.health.LiveView.get", lambda *_: 1 / 0)
    failed = Client(raise_request_exception=False).get("/api/v1/health/live/")
    assert (failed.status_code, failed.headers["Cache-Control"]) == (500, "no-store")


@override_settings(SECURE_SSL_REDIRECT=True)
def test_neither_is_the_way_to_https() -> None:
    answer = Client().get("/api/v1/auth/me/")

    assert (answer.status_code, answer.headers["Cache-Control"]) == (301, "no-store")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/swagger/", "/swagger.json", "/redoc/", "/static/core/index.css"])
@override_settings(WHITENOISE_USE_FINDERS=True, WHITENOISE_AUTOREFRESH=True)
def test_what_all_callers_share_may_be_kept(path: str) -> None:
    answer = Client().get(path, headers={"Accept": "*/*"})

    assert answer.status_code == 200
    assert "no-store" not in answer.headers.get("Cache-Control", "")
    answer.close()
