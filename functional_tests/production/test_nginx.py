"""What nginx itself refuses is a problem document too: a real nginx, with the file that compose mounts."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import pytest

from functional_tests.production import parts
from functional_tests.production.processes import free_port
from functional_tests.production.stack import Stack

pytestmark = pytest.mark.timeout(300)
NOBODY = b'{"username": "nobody-here"}'  # not valid: costs the application nothing


@contextmanager
def door(stack: Stack, name: str, **changed: str) -> Iterator[int]:
    """Run one more nginx, with other variables; yield its port."""
    port = free_port()
    name = f"{name}-{port}"
    ports = {"NGINX_HTTP_PORT": f"127.0.0.1:{free_port()}", "NGINX_HTTPS_PORT": f"127.0.0.1:{port}"}
    parts.add_nginx(stack, name, **ports, **changed)
    nginx = stack.programs.pop(name)
    nginx.start()
    try:
        yield port
    finally:
        nginx.stop()


def send(stack: Stack, port: int, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
    """Return the answer, read, with its body as `problem`."""
    with closing(http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=stack.tls)) as connection:
        connection.request(method, path, body, {"Content-Type": "application/json", **headers})
        answer: Any = connection.getresponse()
        answer.problem = json.loads(answer.read() or b"null")
        return answer


def assert_problem(answer: Any, status: int, code: str) -> None:
    """Check that an answer is a whole problem document."""
    problem = answer.problem
    assert (answer.status, answer.getheader("Content-Type")) == (status, "application/problem+json")
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"urn:sharj:problem:{code}"
    assert {"title", "detail"} <= problem.keys()
    assert problem["request_id"] == answer.getheader("X-Request-ID")


@pytest.mark.parametrize("path", ["/api/v1/auth/seller/login/", "/api/v1/auth/admin/login/", "/admin/login/"])
def test_logins_beyond_the_rate_are_refused_at_the_door(stack: Stack, path: str) -> None:
    with door(stack, "limited", NGINX_LOGIN_RATE="1r/m", NGINX_LOGIN_BURST="3") as port:
        answers = [send(stack, port, "POST", "/api/v1/auth/seller/login/", NOBODY) for _ in range(4)]
        assert [answer.status for answer in answers] == [400] * 4  # one, and a burst of three
        refused = send(stack, port, "POST", path, NOBODY, **{"X-Request-ID": "mine-1"})
        assert_problem(refused, 429, "throttled")
        assert refused.problem["request_id"] == "mine-1"
        assert int(refused.getheader("Retry-After")) >= 1
        assert send(stack, port, "GET", "/api/v1/health/live/").status == 200  # only logins


def test_a_body_that_is_too_large(stack: Stack) -> None:
    for headers in ({}, {"Idempotency-Key": "k"}):
        answer = send(stack, stack.ports["https"], "POST", "/api/v1/charges/", b" " * 1_000_001, **headers)
        assert_problem(answer, 413, "request_too_large")


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}], ids=["bare", "keyed"])
def test_no_replica_listens(stack: Stack, headers: dict[str, str]) -> None:
    with door(stack, "alone", NGINX_APP_SERVERS=f"server 127.0.0.1:{free_port()};") as port:
        for path in ("/api/v1/charges/", "/api/v1/charges/bulk/", "/api/v1/sellers/"):
            answer = send(stack, port, "POST", path, b"{}", **headers)
            assert_problem(answer, 502, "unreachable")
            assert answer.getheader("Retry-After") == "1"


def test_no_replica_takes_the_connection_in_time(stack: Stack) -> None:
    """A full queue of connections."""
    with ExitStack() as opened:
        full = opened.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            filler = opened.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        port = opened.enter_context(
            door(stack, "waiting", NGINX_APP_SERVERS=f"server 127.0.0.1:{full.getsockname()[1]};")
        )
        assert_problem(send(stack, port, "GET", "/api/v1/auth/me/"), 504, "unreachable")
    log = next(stack.folder.glob("waiting-*.log"))
    assert "Connection timed out" in log.read_text()


def test_what_is_not_for_this_network_or_is_not_there(stack: Stack) -> None:
    with door(stack, "closed", NGINX_ADMIN_NETWORK="192.0.2.0/24") as port:
        assert_problem(send(stack, port, "GET", "/admin/"), 403, "permission_denied")
        assert_problem(send(stack, port, "GET", "/metrics"), 403, "permission_denied")
        assert_problem(send(stack, port, "GET", "/static/nothing-here.css"), 404, "not_found")


def test_what_is_no_request(stack: Stack) -> None:
    port = stack.ports["https"]
    assert_problem(send(stack, port, "GET", "/api/v1/auth/me/", Cookie="x" * 9_000), 400, "validation_error")
    assert_problem(send(stack, port, "GET", "/api/v1/auth/me/?" + "x" * 9_000), 400, "validation_error")
    for line in (b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"):
        with (
            socket.create_connection(("127.0.0.1", port), timeout=20) as raw,
            stack.tls.wrap_socket(raw, server_hostname="127.0.0.1") as link,
        ):
            link.sendall(line)
            answer: Any = http.client.HTTPResponse(link)
            answer.begin()
            answer.problem = json.loads(answer.read())
            assert_problem(answer, 400, "validation_error")
