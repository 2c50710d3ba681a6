"""Clients that send slowly, and clients that are too many: nginx bears them, and the application does not notice."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from threading import Thread
from typing import Any

import pytest

from functional_tests.production.processes import free_port
from functional_tests.production.stack import Stack
from functional_tests.production.test_nginx import assert_problem, door, send

pytestmark = pytest.mark.timeout(300)

HALF_A_REQUEST = b"POST /api/v1/charges/ HTTP/1.1\r\nHost: localhost\r\nContent-Ty"
HALF_A_BODY = b"POST /api/v1/charges/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"
SLOW_CLIENTS = 60
TIMEOUT_SECONDS = 10  # client_header_timeout and client_body_timeout


def test_clients_that_send_slowly_hold_up_nobody_and_are_cut_off(stack: Stack) -> None:
    """More than the application has threads (8 for each replica at most): if they reached it, it would hang."""
    with ExitStack() as opened:
        slow = []
        for number in range(SLOW_CLIENTS):
            bare = socket.create_connection(("127.0.0.1", stack.ports["https"]), timeout=30)
            client = opened.enter_context(stack.tls.wrap_socket(bare, server_hostname="localhost"))
            client.sendall(HALF_A_BODY if number % 2 else HALF_A_REQUEST)
            slow.append(client)
        began = time.monotonic()
        answers = [send(stack, stack.ports["https"], "GET", "/api/v1/health/ready/").status for _ in range(5)]
        assert answers == [200] * 5
        assert time.monotonic() - began < TIMEOUT_SECONDS / 2
        for client in slow:
            while client.recv(4096):  # it may say 408 before it closes
                pass
        assert time.monotonic() - began < 3 * TIMEOUT_SECONDS


@pytest.mark.parametrize("path", ["/api/v1/charges/", "/api/v1/auth/me/"])
def test_too_many_requests_of_one_address_at_once_are_refused_at_the_door(stack: Stack, path: str) -> None:
    with ExitStack() as opened:
        silent = opened.enter_context(socket.create_server(("127.0.0.1", free_port())))
        servers = f"server 127.0.0.1:{silent.getsockname()[1]};"
        port = opened.enter_context(
            door(stack, "crowded", NGINX_APP_SERVERS=servers, NGINX_CONNECTIONS_PER_ADDRESS="5")
        )
        for _ in range(5):
            Thread(target=_send_and_forget, args=(stack, port, path), daemon=True).start()
        for _ in range(5):
            opened.enter_context(silent.accept()[0])  # five are under way, and get no answer

        assert_problem(send(stack, port, "POST", path), 429, "throttled")


def _send_and_forget(*arguments: Any) -> None:
    stack, port, path = arguments
    try:
        send(stack, port, "POST", path)
    except (OSError, ValueError):
        return
