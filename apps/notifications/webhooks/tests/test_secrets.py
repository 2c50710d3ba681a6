"""Secrets at rest, and signatures that Standard Webhooks' own library verifies."""

import json
from base64 import b64decode
from datetime import UTC, datetime

import pytest
from cryptography.fernet import InvalidToken
from pytest_django import Settings
from standardwebhooks import Webhook, WebhookVerificationError

from apps.notifications.webhooks import secrets
from apps.notifications.webhooks.signing import signed_headers

BODY = json.dumps({"type": "balance.low", "data": {"name": "فروشگاه"}}, ensure_ascii=False).encode()


def test_a_secret_has_the_form_of_standard_webhooks() -> None:
    made = {secrets.new_secret() for _ in range(10)}
    assert len(made) == 10
    assert all(secret.startswith("whsec_") and len(b64decode(secret[6:])) == 32 for secret in made)


def test_the_database_keeps_something_else() -> None:
    secret = secrets.new_secret()
    token = secrets.encrypt(secret)
    assert secret[6:] not in token
    assert token != secrets.encrypt(secret)
    assert secrets.decrypt(token) == secret


def test_a_key_is_rotated_and_the_former_one_dropped(settings: Settings) -> None:
    settings.WEBHOOK_ENCRYPTION_KEY, settings.WEBHOOK_ENCRYPTION_KEYS_FALLBACK = "a" * 40, []
    secret = secrets.new_secret()
    before = secrets.encrypt(secret)

    settings.WEBHOOK_ENCRYPTION_KEY, settings.WEBHOOK_ENCRYPTION_KEYS_FALLBACK = "b" * 40, ["a" * 40]
    assert secrets.decrypt(before) == secret
    again = secrets.encrypt_again(before)

    settings.WEBHOOK_ENCRYPTION_KEYS_FALLBACK = []
    assert secrets.decrypt(again) == secret
    with pytest.raises(InvalidToken):
        secrets.decrypt(before)


def test_the_library_verifies_what_is_signed() -> None:
    secret = secrets.new_secret()
    headers = signed_headers("0197f3a6", datetime.now(UTC), BODY, [secret])
    assert Webhook(secret).verify(BODY, headers)["type"] == "balance.low"
    for wrong in (BODY + b" ", BODY.replace(b"low", b"lo2")):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(wrong, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, {**headers, "webhook-id": "another"})
    with pytest.raises(WebhookVerificationError):
        Webhook(secrets.new_secret()).verify(BODY, headers)


def test_each_of_two_secrets_verifies() -> None:
    both = [secrets.new_secret(), secrets.new_secret()]
    headers = signed_headers("0197f3a6", datetime.now(UTC), BODY, both)
    assert headers["webhook-signature"].count("v1,") == 2
    for secret in both:
        assert Webhook(secret).verify(BODY, headers)


def test_a_message_of_an_hour_ago_is_too_old_for_the_library() -> None:
    secret = secrets.new_secret()
    headers = signed_headers("0197f3a6", datetime.fromtimestamp(1_700_000_000, UTC), BODY, [secret])
    assert headers["webhook-timestamp"] == "1700000000"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, headers)
