"""People who call the API of the stack: through nginx, or a replica directly."""

from __future__ import annotations

import http.client
import json
import secrets
import time
from contextlib import closing
from typing import Any

from functional_tests.production.stack import Stack

Answer = tuple[int, bytes]


class Person:
    """A user with a token."""

    def __init__(self, stack: Stack, door: str, username: str, password: str) -> None:
        self.stack, self.token = stack, ""
        body = {"username": username, "password": password}
        self.token = json.loads(self.post(f"auth/{door}/login/", body)[1])["access"]

    def send(self, method: str, path: str, body: bytes = b"", port: int = 0, **headers: str) -> Answer:
        """Send one request on a connection of its own; `port`: to a replica, as its proxy would."""
        connection: http.client.HTTPConnection
        if port:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
            headers |= {"Host": "localhost", "X-Forwarded-Proto": "https"}
        else:
            connection = http.client.HTTPSConnection(
                "localhost", self.stack.ports["https"], timeout=40, context=self.stack.tls
            )
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        with closing(connection):
            connection.request(method, path, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def post(self, path: str, body: dict[str, Any], port: int = 0, **headers: str) -> Answer:
        """POST JSON to the API."""
        return self.send("POST", f"/api/v1/{path}", json.dumps(body).encode(), port, **headers)


class Admin(Person):
    """The first superuser."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack, "admin", "admin", stack.secrets["admin"])

    def export(self) -> tuple[int, float]:
        """Return how many entries an export has, and how long it took."""
        began = time.monotonic()
        status, body = self.send("GET", "/api/v1/transactions/", Accept="text/csv")
        assert status == 200
        return len(body.splitlines()) - 1, time.monotonic() - began


class Owner(Person):
    """The owner of a new seller, which staff has credited."""

    def __init__(self, stack: Stack, admin: Admin, credit: str) -> None:
        name, password = f"owner-{secrets.token_hex(4)}", secrets.token_urlsafe(20)
        profile = {"username": name, "password": password, "email": f"{name}@example.com", "company_name": name}
        status, body = admin.post("sellers/", profile)
        assert status == 201, body
        self.seller_id: str = json.loads(body)["id"]
        super().__init__(stack, "seller", name, password)
        request = json.loads(self.post("credit-requests/", {"amount": credit})[1])
        assert admin.post(f"credit-requests/{request['id']}/approve/", {})[0] == 200

    def charge(self, key: str, port: int = 0) -> Answer:
        """Sell for 1.00."""
        body = {"phone_number": "+989123456789", "amount": "1.00"}
        return self.post("charges/", body, port, **{"Idempotency-Key": key})
