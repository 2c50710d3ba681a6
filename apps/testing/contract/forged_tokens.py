"""Ways to forge a token of the API, by name: each makes one from a good token and the signing key."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
from django.utils import timezone

from apps.testing.factories import NEVER


def payload(token: str, **changes: Any) -> dict[str, Any]:
    """Return the claims of `token` with `changes`; the value `absent` takes a claim away."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False}) | changes
    return {name: value for name, value in claims.items() if value != "absent"}


def _b64(data: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def _unsigned(token: str, algorithm: str) -> str:
    return f"{_b64({'alg': algorithm, 'typ': 'JWT'})}.{_b64(payload(token))}."


FORGERIES: dict[str, Callable[[str, str], str]] = {
    "alg none": lambda token, key: _unsigned(token, "none"),
    "alg None": lambda token, key: _unsigned(token, "None"),
    "alg missing": lambda token, key: f"{_b64({})}.{_b64(payload(token))}.",
    "no signature": lambda token, key: token.rpartition(".")[0] + ".",
    "another payload": lambda token, key: ".".join(
        [token.split(".")[0], _b64(payload(token, seller_id=str(NEVER))), token.split(".")[2]]
    ),
    "another key": lambda token, key: jwt.encode(payload(token), "x" * 64, "HS256"),
    "another algorithm": lambda token, key: jwt.encode(payload(token), key.ljust(64, "x"), "HS512"),
    "expired": lambda token, key: jwt.encode(payload(token, exp=timezone.now() - timedelta(seconds=1)), key, "HS256"),
    "never expires": lambda token, key: jwt.encode(payload(token, exp="absent"), key, "HS256"),
    "foreign audience": lambda token, key: jwt.encode(payload(token, aud="elsewhere"), key, "HS256"),
    "no audience": lambda token, key: jwt.encode(payload(token, aud="absent"), key, "HS256"),
    "foreign issuer": lambda token, key: jwt.encode(payload(token, iss="elsewhere"), key, "HS256"),
    "another kind": lambda token, key: jwt.encode(payload(token, token_type="sliding"), key, "HS256"),
    "no kind": lambda token, key: jwt.encode(payload(token, token_type="absent"), key, "HS256"),
    "no session": lambda token, key: jwt.encode(payload(token, sid="absent"), key, "HS256"),
    "unknown session": lambda token, key: jwt.encode(payload(token, sid=str(NEVER)), key, "HS256"),
    "session of the wrong kind": lambda token, key: jwt.encode(payload(token, sid=[1]), key, "HS256"),
    "no user": lambda token, key: jwt.encode(payload(token, user_id="absent"), key, "HS256"),
    "user of the wrong kind": lambda token, key: jwt.encode(payload(token, user_id=7), key, "HS256"),
    "no seller claim": lambda token, key: jwt.encode(payload(token, seller_id="absent"), key, "HS256"),
    "seller of the wrong kind": lambda token, key: jwt.encode(payload(token, seller_id="x"), key, "HS256"),
    "no id": lambda token, key: jwt.encode(payload(token, jti="absent"), key, "HS256"),
    "not three parts": lambda token, key: "a.b",
    "garbage": lambda token, key: "garbage",
    "garbage in three parts": lambda token, key: "a.b.c",
    "twice": lambda token, key: f"{token}{token}",
    "very long": lambda token, key: "x" * 5000,
}
