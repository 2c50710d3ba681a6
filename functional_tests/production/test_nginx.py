"""What nginx itself refuses is a problem document too: a real nginx, with the file that compose mounts."""

from __future__ import annotations

import http.client
import json
import socket
import socketserver
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any

import pytest
import yaml

from functional_tests.production import parts
from functional_tests.production.people import Admin, Owner
from functional_tests.production.places import REPOSITORY
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
    with closing(http.client.HTTPSConnection("localhost", port, timeout=20, context=stack.tls)) as connection:
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
    assert answer.getheader("Cache-Control") == "no-store"


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


def test_bodies_that_are_refused_unread_break_no_connection_and_take_no_replica_away(stack: Stack) -> None:
    """Anybody can send these. With a broken connection each, nginx would take both replicas for dead."""
    port = stack.ports["https"]
    large = b" " * 2_000_000
    seen = Counter(send(stack, port, "POST", "/api/v1/charges/bulk/", large).status for _ in range(20))
    seen += Counter(send(stack, port, "POST", "/api/v1/charges/", large[:900_000]).status for _ in range(20))
    assert seen == {401: 40}
    assert "no live upstreams" not in (stack.folder / "nginx.log").read_text()


def test_a_misspelt_key_is_not_dropped_in_silence(stack: Stack) -> None:
    owner = Owner(stack, Admin(stack), "10.00")
    charge = json.dumps({"phone_number": "+989123456789", "amount": "1.00"}).encode()
    for name in ("Idempotency_Key", "X_Idempotency_Key", "X-Idempotency-Key"):
        status, body = owner.send("POST", "/api/v1/charges/", charge, 0, **{name: "k"})
        assert (status, json.loads(body)["errors"][0]["code"]) == (400, "unknown_header"), name
    assert owner.send("POST", "/api/v1/charges/", charge, Other_Name="x")[0] == 201


def test_what_a_replica_does_to_one_request_takes_it_away_from_nobody(stack: Stack) -> None:
    """A server that cuts every connection is still asked every time: the next request may fare better."""
    with socket.socket() as rude, ThreadPoolExecutor(1) as pool:
        rude.bind(("127.0.0.1", 0))
        rude.listen(64)
        rude.settimeout(0.2)
        closing_time = threading.Event()

        def cut() -> None:
            while not closing_time.is_set():
                with suppress(TimeoutError):
                    link, _ = rude.accept()
                    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    link.close()

        pool.submit(cut)
        compose = yaml.safe_load((REPOSITORY / "docker-compose.prod.yaml").read_text())
        options: str = compose["services"]["nginx"]["environment"]["NGINX_APP_SERVERS"]
        options = options.removeprefix("server app:8000 resolve")
        servers = 2 * f"server 127.0.0.1:{rude.getsockname()[1]}{options}"  # a single one is never taken for dead
        try:
            with door(stack, "rude", NGINX_APP_SERVERS=servers) as port:
                for _ in range(4):
                    assert_problem(send(stack, port, "POST", "/api/v1/charges/", b"{}"), 502, "outcome_unknown")
        finally:
            closing_time.set()
    log = next(stack.folder.glob("rude-*.log")).read_text()
    assert "no live upstreams" not in log


@contextmanager
def replica(answer: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Listen as a replica that reads each request, keeps it, and sends `answer`; yield its port and the requests."""
    received: list[bytes] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            received.append(self.request.recv(65_536))
            self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], received
        server.shutdown()


GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


@contextmanager
def deaf() -> Iterator[int]:
    """Listen with a full queue of connections: one more is neither taken nor refused."""
    with ExitStack() as opened:
        full = opened.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            filler = opened.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        yield int(full.getsockname()[1])


@pytest.mark.parametrize("kind", ["refusing", "deaf"])
def test_a_replica_that_takes_no_connection_costs_no_request(stack: Stack, kind: str) -> None:
    """A POST without a key too: nothing of it was sent, so the other replica gets it, once."""
    with deaf() as silent, replica(GOOD) as (alive, received):
        gone = silent if kind == "deaf" else free_port()
        servers = f"server 127.0.0.1:{gone} max_fails=0; server 127.0.0.1:{alive} max_fails=0;"
        with door(stack, kind, NGINX_APP_SERVERS=servers) as port:
            answers = [send(stack, port, "POST", "/api/v1/charges/bulk/", b"{}").status for _ in range(8)]
    assert answers == [200] * 8
    assert len(received) == 8


def test_more_replicas_than_tries_may_be_gone(stack: Stack) -> None:
    """Nothing was sent, so a request starts anew, with the list of replicas of that moment."""
    with replica(GOOD) as (alive, received):
        gone = "".join(f"server 127.0.0.1:{free_port()} max_fails=0;" for _ in range(3))
        with door(stack, "few", NGINX_APP_SERVERS=f"{gone} server 127.0.0.1:{alive} max_fails=0;") as port:
            paths = ["/api/v1/charges/", "/api/v1/charges/bulk/", "/api/v1/auth/seller/login/"]
            answers = [send(stack, port, "POST", path, b"{}").status for path in paths for _ in range(4)]
    assert answers == [200] * 12
    assert len(received) == 12


@pytest.mark.parametrize(("headers", "sends"), [({}, 1), ({"Idempotency-Key": "k"}, 3)], ids=["bare", "keyed"])
def test_a_charge_that_may_have_been_received_is_sent_again_only_with_a_key(
    stack: Stack, headers: dict[str, str], sends: int
) -> None:
    with ExitStack() as opened:
        cutting = [opened.enter_context(replica(b"")) for _ in range(4)]
        servers = "".join(f"server 127.0.0.1:{port} max_fails=0;" for port, _ in cutting)
        port = opened.enter_context(door(stack, "cutting", NGINX_APP_SERVERS=servers))
        assert_problem(send(stack, port, "POST", "/api/v1/charges/", b"{}", **headers), 502, "outcome_unknown")
        assert sum(len(received) for _, received in cutting) == sends


def test_the_address_that_a_client_claims_is_dropped(stack: Stack) -> None:
    with ExitStack() as opened:
        alive, received = opened.enter_context(replica(GOOD))
        port = opened.enter_context(door(stack, "claims", NGINX_APP_SERVERS=f"server 127.0.0.1:{alive};"))
        send(stack, port, "GET", "/api/v1/auth/me/", b"", **{"X-Forwarded-For": "203.0.113.9"})
    assert b"203.0.113.9" not in received[0]
    assert b"X-Forwarded-For: 127.0.0.1\r\n" in received[0]


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}], ids=["bare", "keyed"])
def test_no_replica_listens(stack: Stack, headers: dict[str, str]) -> None:
    with door(stack, "alone", NGINX_APP_SERVERS=f"server 127.0.0.1:{free_port()};") as port:
        for path in ("/api/v1/charges/", "/api/v1/charges/bulk/", "/api/v1/sellers/"):
            answer = send(stack, port, "POST", path, b"{}", **headers)
            assert_problem(answer, 502, "outcome_unknown")
            assert answer.getheader("Retry-After") == "1"


def test_no_replica_takes_the_connection_in_time(stack: Stack) -> None:
    with deaf() as full, door(stack, "waiting", NGINX_APP_SERVERS=f"server 127.0.0.1:{full};") as port:
        assert_problem(send(stack, port, "GET", "/api/v1/auth/me/"), 504, "outcome_unknown")
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
            stack.tls.wrap_socket(raw, server_hostname="localhost") as link,
        ):
            link.sendall(line)
            answer: Any = http.client.HTTPResponse(link)
            answer.begin()
            answer.problem = json.loads(answer.read())
            assert_problem(answer, 400, "validation_error")
