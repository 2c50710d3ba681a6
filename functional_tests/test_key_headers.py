"""Names of headers, through the real gunicorn: a misspelt idempotency key is refused, and none forges another header.

A WSGI environment has one name for `Idempotency-Key` and `Idempotency_Key`, so no test without a server can tell them.
"""

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sharj import Login

from apps.core.database.logins import is_embedded
from functional_tests.performance.onboarding import Onboarding
from functional_tests.performance.transport import Pulse
from functional_tests.server import HOST, running_product

pytestmark = pytest.mark.skipif(not is_embedded(), reason="the server brings its own embedded PostgreSQL")


@dataclass(frozen=True)
class Till:
    """A seller of a running server that has 100.00."""

    port: int
    token: str
    log: Path

    def send(self, method: str, path: str, headers: Mapping[str, str], body: object = None) -> tuple[int, Any]:
        """Return status and body of one request."""
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
        with closing(http.client.HTTPConnection(HOST, self.port, timeout=30)) as connection:
            connection.request(method, f"/api/v1/{path}", json.dumps(body) if body else None, sent)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def charge(self, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Sell for 1.00."""
        return self.send("POST", "charges/", headers, {"phone_number": "+989123456789", "amount": "1.00"})


@pytest.fixture(scope="module")
def till() -> Iterator[Till]:
    with running_product() as product:
        admin = Login.person("admin", product.password, is_staff=True)
        onboarding = Onboarding(f"http://{HOST}:{product.port}", "keys", admin, parallel=1, pulse=Pulse())
        [seller] = onboarding.prepare_sellers([Decimal(1)], credit_requests=1)
        yield Till(product.port, seller.login.access, product.home / "server.log")


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"Idempotency_Key": "k"}, "Idempotency_Key"),
        ({"IDEMPOTENCY_KEY": "k"}, "Idempotency_Key"),
        ({"X_Idempotency-Key": "k"}, "Idempotency_Key"),
        ({"Idempotency_Key": "k", "Idempotency-Key": "right"}, "Idempotency_Key"),
        ({"X-Idempotency-Key": "k"}, "X-Idempotency-Key"),
        ({"IdempotencyKey": "k"}, "IdempotencyKey"),
    ],
    ids=str,
)
def test_a_misspelt_key_is_refused(till: Till, headers: dict[str, str], told: str) -> None:
    for _ in range(2):
        status, problem = till.charge(headers)
        assert (status, problem["code"]) == (400, "validation_error")
        assert [(error["field"], error["code"]) for error in problem["errors"]] == [(told, "unknown_header")]
        assert "header Idempotency-Key" in problem["errors"][0]["detail"]

    assert till.send("GET", "transactions/?type=charge_sale", {})[1]["results"] == []


def test_other_names_with_underscores_neither_refuse_a_request_nor_forge_a_header(till: Till) -> None:
    forged = {"X_Forwarded_For": "203.0.113.9", "Content_Length": "3", "X_Request_ID": "forged-id", "Some_Name": "x"}

    status, _ = till.send("GET", "auth/me/", {**forged, "X-Request-ID": "of-this-test"})
    assert till.send("GET", "auth/me/", {"X-Forwarded-For": "203.0.113.8", "X-Request-ID": "of-a-proxy"})[0] == 200

    assert status == 200
    lines = till.log.read_text().splitlines()
    assert ["client=127.0.0.1" in line for line in lines if "of-this-test" in line] == [True]
    assert ["client=203.0.113.8" in line for line in lines if "of-a-proxy" in line] == [True]
    assert not any("forged-id" in line or "203.0.113.9" in line for line in lines)
