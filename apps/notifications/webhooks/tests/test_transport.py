"""One request: within its time, over verified TLS, with the first kilobyte of the answer."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from pytest_django import Settings

from apps.notifications.webhooks.transport import ANSWER_BYTES, post
from apps.testing.receivers import (
    Behaviour,
    Receiver,
    answering,
    certificate,
    dripping,
    endless,
    running_receiver,
    slow,
)


@pytest.fixture(autouse=True)
def _allow_loopback(settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.WEBHOOK_CA_FILE = str(certificate())


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that answers 204."""
    with running_receiver() as running:
        yield running


def test_what_is_sent_arrives(receiver: Receiver) -> None:
    receiver.behave = answering(200, b'{"ok": true}')
    answer = post(receiver.url("/hook?shop=1"), {"webhook-id": "x", "Content-Type": "application/json"}, b'{"a": 1}')
    assert (answer.status, answer.body, answer.error) == (200, b'{"ok": true}', "")
    [request] = receiver.received
    assert (request.path, request.body) == ("/hook?shop=1", b'{"a": 1}')
    assert request.headers["webhook-id"] == "x"
    assert request.headers["Content-Length"] == "8"
    assert request.headers["Host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize("behave", [slow(60), dripping(head=True)])
def test_an_answer_without_a_status_in_time_is_a_time_out(
    behave: Behaviour, receiver: Receiver, settings: Settings
) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.5
    receiver.behave = behave
    answer = post(receiver.url(), {}, b"{}")
    assert (answer.status, answer.error) == (None, "timeout")


@pytest.mark.parametrize("behave", [dripping(head=False), endless])
def test_an_answer_without_an_end_ends_with_the_time_or_the_kilobyte(
    behave: Behaviour, receiver: Receiver, settings: Settings
) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.5
    receiver.behave = behave
    answer = post(receiver.url(), {}, b"{}")
    assert (answer.status, answer.error) == (200, "")
    assert 0 < len(answer.body) <= ANSWER_BYTES
    assert set(answer.body) == {ord("x")}


def test_the_answer_is_cut_at_a_kilobyte(receiver: Receiver) -> None:
    receiver.behave = answering(500, b"y" * 5_000)
    answer = post(receiver.url(), {}, b"{}")
    assert (answer.status, answer.body) == (500, b"y" * 1_024)


def test_no_more_than_the_kilobyte_is_read(receiver: Receiver) -> None:
    has_sent_all = threading.Event()

    def send_much(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(1_000):
            handler.wfile.write(b"x" * 65_536)
        has_sent_all.set()

    receiver.behave = send_much
    assert post(receiver.url(), {}, b"{}").body == b"x" * 1_024
    assert not has_sent_all.is_set()


def test_a_certificate_of_an_unknown_authority_is_refused(receiver: Receiver, settings: Settings) -> None:
    settings.WEBHOOK_CA_FILE = ""
    assert post(receiver.url(), {}, b"{}").error == "tls_failed"
    assert receiver.received == []


def test_a_certificate_of_another_name_is_refused(receiver: Receiver) -> None:
    assert post(receiver.url(host="127.0.0.3"), {}, b"{}").error in ("tls_failed", "connection_failed")
    with running_receiver(host="127.0.0.3") as other:
        assert post(other.url(host="127.0.0.3"), {}, b"{}").error == "tls_failed"
        assert other.received == []


def _serve(talk: Callable[[socket.socket], None]) -> int:
    """Listen, give every connection to `talk`, and return the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener:
            connection, _ = listener.accept()
            with connection:
                talk(connection)

    threading.Thread(target=serve, daemon=True).start()
    return int(listener.getsockname()[1])


def test_a_server_that_never_finishes_the_handshake_is_a_time_out(settings: Settings) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.5

    def say_nothing(connection: socket.socket) -> None:
        threading.Event().wait(5)

    port = _serve(say_nothing)
    assert post(f"https://127.0.0.1:{port}/", {}, b"{}").error == "timeout"


def test_a_plain_server_fails_in_tls() -> None:
    port = _serve(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n"))
    assert post(f"https://127.0.0.1:{port}/", {}, b"{}").error == "tls_failed"


def test_something_that_is_not_http_is_an_invalid_answer() -> None:
    def talk(connection: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(), certificate().with_suffix(".key"))
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(4_096)
            secured.sendall(b"220 mail.example ESMTP\r\n")

    assert post(f"https://127.0.0.1:{_serve(talk)}/", {}, b"{}").error == "invalid_answer"


def test_a_closed_port_is_told() -> None:
    assert post("https://127.0.0.1:1/", {}, b"{}").error == "connection_failed"


def test_a_name_server_that_hangs_is_left_behind(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.5
    answered = threading.Event()

    def hang(*_: Any, **__: Any) -> list[Any]:
        answered.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    assert post("https://receiver.example/", {}, b"{}").error == "timeout"
    answered.set()


def test_a_fault_of_ours_is_not_hidden(receiver: Receiver) -> None:
    with pytest.raises(AttributeError):
        post(receiver.url(), {"name": 1}, b"{}")  # type: ignore[dict-item]  # a fault of the caller, meant
