"""Old tokens keep working while keys are rotated, and stop when the old key is taken away."""

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework_simplejwt import state

from apps.accounts.models import User

OLD = "the-former-signing-key-0123456789-0123456789-0123456789"
NEW = "the-present-signing-key-0123456789-0123456789-0123456789"
PASSWORD = "correct horse battery staple"

pytestmark = pytest.mark.django_db


def sign_with(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setattr(state.token_backend, "signing_key", key)
    for name in ("prepared_signing_key", "prepared_verifying_key"):
        state.token_backend.__dict__.pop(name, None)


@pytest.fixture
def tokens(client: Client, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The tokens of a login before the keys changed."""
    User.objects.create_superuser("root-user", "root@example.com", PASSWORD)
    sign_with(monkeypatch, OLD)
    body = {"username": "root-user", "password": PASSWORD}
    answer = client.post("/api/v1/auth/admin/login/", body, content_type="application/json")
    pair: dict[str, str] = answer.json()
    sign_with(monkeypatch, NEW)
    return pair


def me(client: Client, access: str) -> int:
    return client.get("/api/v1/auth/me/", headers={"Authorization": f"Bearer {access}"}).status_code


def test_without_the_former_key_its_tokens_are_refused(client: Client, tokens: dict[str, str]) -> None:
    assert me(client, tokens["access"]) == 401


def test_with_the_former_key_its_tokens_work_and_are_replaced(
    client: Client, tokens: dict[str, str], settings: Settings
) -> None:
    settings.JWT_VERIFYING_KEYS_FALLBACK = ["quite-another-key-0123456789-0123456789", OLD]
    assert me(client, tokens["access"]) == 200
    answer = client.post("/api/v1/auth/refresh/", {"refresh": tokens["refresh"]}, content_type="application/json")
    assert answer.status_code == 200
    settings.JWT_VERIFYING_KEYS_FALLBACK = []
    assert me(client, answer.json()["access"]) == 200
    assert me(client, tokens["access"]) == 401


def test_a_refresh_token_of_a_former_key_is_still_no_access_token(
    client: Client, tokens: dict[str, str], settings: Settings
) -> None:
    settings.JWT_VERIFYING_KEYS_FALLBACK = [OLD]
    assert me(client, tokens["refresh"]) == 401
