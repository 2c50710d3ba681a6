"""A fake of the part of the API that the load script uses, to prove that its audit can fail."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from functional_tests.performance.tests.fake_bank import (
    ADMIN_PASSWORD,
    ADMIN_USERNAME,
    Account,
    Document,
    FakeBank,
    Faults,
    Refusal,
)


class FakeServer(ThreadingHTTPServer):
    """Serves one bank; counts the logins and refreshes that the tests look at."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, faults: Faults) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.faults = faults
        self.bank = FakeBank(faults)
        self.passwords = {ADMIN_USERNAME: ADMIN_PASSWORD}
        self.access: dict[str, tuple[str, int]] = {}
        self.refresh: dict[str, str] = {}
        self.logins = 0
        self.refreshes = 0
        self.charges_seen = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def issue(self, username: str) -> Document:
        tokens = {"access": secrets.token_hex(8), "refresh": secrets.token_hex(8)}
        self.access[tokens["access"]] = (username, self.faults.token_uses)
        self.refresh[tokens["refresh"]] = username
        return tokens


class Handler(BaseHTTPRequestHandler):
    """Routes one request; every answer is made under the bank's lock."""

    server: FakeServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        return

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        payload = json.loads(body) if body else {}
        headers: dict[str, str] = {}
        try:
            with self.server.bank.lock:
                status, document = self._route(payload, headers)
        except Refusal as refusal:
            status, document = refusal.status, {"code": refusal.code}
            headers = refusal.headers
        if document.pop("lose_this_answer", False):
            self.close_connection = True
            return
        content = json.dumps(document).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _route(self, payload: Document, headers: dict[str, str]) -> tuple[int, Document]:
        url = urlsplit(self.path.removeprefix("/api/v1/"))
        words = url.path.strip("/").split("/")
        if words[0] == "auth":
            return self._auth(words[-1], payload)
        username = self._authenticate()
        bank = self.server.bank
        if words == ["charges"]:
            return self._charge(self._own(username), payload, headers)
        if words == ["credit-requests"]:
            return 201, bank.file_credit(self._own(username), payload["amount"])
        if words == ["transactions"]:
            query = parse_qs(url.query)
            account = bank.accounts[query["seller"][0]]
            return 200, bank.page(account, int(query.get("cursor", ["0"])[0]), self.server.base_url)
        if words[-1] == "approve":
            return 200, bank.approve(words[1])
        account = bank.accounts[words[1]]
        if words[-1] == "verify":
            account.status = "pending" if self.server.faults.stay_pending else "active"
            return 200, {"id": account.id, "status": account.status}
        return 200, bank.balance(account) if words[-1] == "balance" else bank.reconciliation(account)

    def _auth(self, verb: str, payload: Document) -> tuple[int, Document]:
        server = self.server
        if verb == "register":
            server.passwords[payload["username"]] = payload["password"]
            return 201, server.bank.register(payload["username"])
        if verb == "refresh":
            if payload["refresh"] not in server.refresh:
                raise Refusal(401, "token_not_valid")
            server.refreshes += 1
            lost = server.refreshes <= server.faults.lose_refreshes
            return 200, {**server.issue(server.refresh.pop(payload["refresh"])), "lose_this_answer": lost}
        if server.faults.busy_logins > 0:
            server.faults.busy_logins -= 1
            raise Refusal(429, "throttled", {"Retry-After": "0"})
        if server.passwords.get(payload["username"]) != payload["password"]:
            raise Refusal(401, "authentication_failed")
        server.logins += 1
        return 200, server.issue(payload["username"])

    def _authenticate(self) -> str:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        username, uses = self.server.access.get(token, ("", 0))
        if uses <= 0:
            raise Refusal(401, "token_not_valid")
        self.server.access[token] = (username, uses - 1)
        return username

    def _own(self, username: str) -> Account:
        return next(account for account in self.server.bank.accounts.values() if account.username == username)

    def _charge(self, account: Account, payload: Document, headers: dict[str, str]) -> tuple[int, Document]:
        faults = self.server.faults
        self.server.charges_seen += 1
        if faults.busy_every and self.server.charges_seen % faults.busy_every == 0:
            raise Refusal(503, "temporarily_unavailable", {"Retry-After": "0"})
        key = self.headers["Idempotency-Key"]
        entry, replay = self.server.bank.charge(account, payload["phone_number"], Decimal(payload["amount"]), key)
        if (replay and not faults.replay_without_header) or faults.replay_on_first_send:
            headers["Idempotent-Replayed"] = "true"
        lost = faults.lose_answer_every and self.server.charges_seen % faults.lose_answer_every == 0
        other = {"id": "another"} if replay and faults.replay_with_other_body else {}
        return 201, {**entry, **other, "lose_this_answer": bool(lost)}


@contextmanager
def serve(faults: Faults | None = None) -> Iterator[FakeServer]:
    """Serve a fake on a free port of this machine."""
    with FakeServer(faults or Faults()) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
