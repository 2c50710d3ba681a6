"""The HTTP server of the simulated operator: the wire format of `adapters.http_json`, seen from the other side."""

import csv
import io
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from apps.delivery.adapters import signing
from apps.delivery.simulator.book import COLUMNS, Book, TopUpRow
from apps.delivery.simulator.outcomes import Behaviour, behaviour_of

MAX_BODY_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Config:
    """How the simulator runs."""

    secret: str
    callback_url: str = ""
    delay_seconds: float = 0.0  # of every answer, as a network has


class Simulator(ThreadingHTTPServer):
    """The server, with its book."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, address: tuple[str, int], book: Book, config: Config) -> None:
        super().__init__(address, _Handler)
        self.book, self.config = book, config

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up: lost connections are this server's trade."""

    def submit(self, order: Mapping[str, str]) -> tuple[TopUpRow, Behaviour]:
        """Act on a submission and let its callbacks come."""
        behaviour = behaviour_of(order["phone_number"])
        settles_at = time.time() + behaviour.settles_after_seconds
        row = self.book.act(order["reference"], order["phone_number"], order["amount"], behaviour.status, settles_at)
        if behaviour.callbacks and self.config.callback_url and row.submissions == 1:
            tell = threading.Thread(target=self._call_back, args=(row, behaviour), daemon=True)
            tell.start()
            if behaviour.calls_back_first:
                tell.join()
        return row, behaviour

    def _call_back(self, row: TopUpRow, behaviour: Behaviour) -> None:
        """Tell the end by itself, as often as this number's operator does, whether it is believed or not."""
        time.sleep(max(0.0, row.settles_at - time.time()))
        body = json.dumps(answer_of(row)).encode()
        for _ in range(behaviour.callbacks):
            headers = signing.signature_headers(self.config.secret, "callback", body)
            try:
                httpx.post(self.config.callback_url, content=body, headers=headers, timeout=5.0, trust_env=False)
            except httpx.HTTPError:
                continue  # inquiries find it out


def answer_of(row: TopUpRow) -> dict[str, str]:
    """Return what the operator says of a top-up now."""
    told = row.told()
    return {
        "reference": row.reference,
        "status": told,
        "operator_reference": row.operator_reference,
        "message": "The number takes no top-ups." if told == "refused" else "",
    }


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Simulator
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Take a submission (POST /topups)."""
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MAX_BODY_BYTES))
        if not self._is_allowed(body):
            return
        order = _read_order(body)
        if self.path != "/topups" or order is None:
            self._answer(400, {"error": "Not a submission."})
            return
        behaviour = behaviour_of(order["phone_number"])
        fails = behaviour.fails_first and self.server.book.fail_once(order["reference"])
        failure = behaviour.fails_first if fails else ""
        if failure in ("lost before", "500"):
            self._fail(failure)
            return
        row, behaviour = self.server.submit(order)
        time.sleep(self.server.config.delay_seconds + behaviour.delay_seconds)
        if failure:
            self._fail(failure)
        else:
            self._answer(200, answer_of(row))

    def do_GET(self) -> None:
        """Answer an inquiry (GET /topups/REFERENCE), or show the book (GET /book)."""
        if self.path == "/book":
            self._show_book()
        elif self._is_allowed(b""):
            time.sleep(self.server.config.delay_seconds)
            reference = self.path.removeprefix("/topups/")
            row = self.server.book.find(reference)
            unheard = {"reference": reference, "status": "unheard"}
            self._answer(404 if row is None else 200, unheard if row is None else answer_of(row))

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing for each request."""

    def _is_allowed(self, body: bytes) -> bool:
        secret, headers = self.server.config.secret, self.headers
        moment, signature = headers.get(signing.TIME_HEADER, ""), headers.get(signing.SIGNATURE_HEADER, "")
        subject = f"{self.command} {self.path}"
        if headers.get("Authorization") == f"Bearer {secret}" or signing.is_signed(
            secret, subject, body, moment=moment, signature=signature
        ):
            return True
        self._answer(401, {"error": "Not signed."})
        return False

    def _fail(self, failure: str) -> None:
        if failure == "500":
            self._answer(500, {"error": "Try again."})
        elif failure == "garbage":
            self._send(200, b"<html>It works!</html>", "text/html")
        else:
            self.close_connection = True  # without a word

    def _show_book(self) -> None:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows(self.server.book.rows())
        self._send(200, text.getvalue().encode(), "text/csv")

    def _answer(self, status: int, body: Mapping[str, str]) -> None:
        self._send(status, json.dumps(body).encode(), "application/json")

    def _send(self, status: int, content: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _read_order(body: bytes) -> Mapping[str, str] | None:
    """Return the three members of a submission, or None."""
    try:
        order = json.loads(body)
        return {name: order[name] for name in ("reference", "phone_number", "amount") if isinstance(order[name], str)}
    except (ValueError, TypeError, KeyError):
        return None
