"""The two programs of docs/webhooks.md verify a real request, and nothing else."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.notifications.webhooks.secrets import new_secret
from apps.notifications.webhooks.signing import signed_headers
from config.env_file import REPOSITORY

BODY = '{"type":"balance.low","data":{"company_name":"فروشگاه"}}'.encode()
SAMPLES = re.findall(r"```python\n(.*?)```", (REPOSITORY / "docs/webhooks.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(params=SAMPLES, ids=["library", "plain"])
def handle(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """The function of a sample."""
    names: dict[str, Any] = {}
    exec(request.param, names)
    found: Callable[..., Any] = names["handle"]
    return found


def test_a_sample_accepts_what_is_ours_by_either_secret_and_refuses_the_rest(handle: Callable[..., Any]) -> None:
    now, secret, former = datetime.now(UTC), new_secret(), new_secret()
    headers = signed_headers("0197f3a6", now, BODY, [secret, former])
    assert handle(secret, headers, BODY)["type"] == handle(former, headers, BODY)["type"] == "balance.low"
    assert handle(new_secret(), headers, BODY) is None
    assert handle(secret, headers, BODY + b" ") is None
    assert handle(secret, {**headers, "webhook-id": "another"}, BODY) is None
    old = signed_headers("0197f3a6", now - timedelta(minutes=6), BODY, [secret])
    assert handle(secret, old, BODY) is None


def test_there_are_two_samples() -> None:
    assert len(SAMPLES) == 2
