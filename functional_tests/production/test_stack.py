"""The real parts, wired as compose wires them: what goes through, what is refused, and what breaks when parts fail."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psycopg2
import pytest

from functional_tests.production.load import run_load
from functional_tests.production.parts import POOL_SIZE
from functional_tests.production.processes import Program, wait_for
from functional_tests.production.stack import Stack

SALES = os.environ.get("STACK_SALES", "5000")
FAULT_SALES = os.environ.get("STACK_FAULT_SALES", "2500")
pytestmark = pytest.mark.timeout(600)


def post(stack: Stack, path: str, body: bytes, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPSConnection("localhost", stack.ports["https"], timeout=20, context=stack.tls)
    connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content


def test_http_goes_to_https_and_the_service_is_ready(stack: Stack) -> None:
    with closing(http.client.HTTPConnection("localhost", stack.ports["http"], timeout=10)) as plain:
        plain.request("GET", "/api/v1/auth/me/")
        answer = plain.getresponse()
        assert (answer.status, answer.getheader("Location")) == (308, "https://localhost/api/v1/auth/me/")
    assert stack.ready() == {"status": "ok", "checks": {"database": "ok", "redis": "ok"}}


def test_headers_and_request_id(stack: Stack) -> None:
    status, headers, _ = post(stack, "/api/v1/auth/seller/login/", b"{}", **{"X-Request-ID": "client-1"})
    assert (status, headers["x-request-id"]) == (400, "client-1")
    assert headers["strict-transport-security"].startswith("max-age=31536000")
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["server"] == "nginx"


def test_a_body_that_is_too_large_is_a_problem_document(stack: Stack) -> None:
    status, headers, body = post(stack, "/api/v1/charges/", b" " * 1_000_001)
    problem = json.loads(body)
    assert (status, headers["content-type"]) == (413, "application/problem+json")
    assert (problem["code"], problem["request_id"]) == ("request_too_large", headers["x-request-id"])
    assert post(stack, "/api/v1/charges/bulk/", b" " * 2_000_000)[0] == 401  # 5 MB there
    assert post(stack, "/api/v1/charges/bulk/", b" " * 5_000_001)[0] == 413


def test_a_slow_client_is_cut_off(stack: Stack) -> None:
    with (
        socket.create_connection(("127.0.0.1", stack.ports["https"]), timeout=20) as raw,
        stack.tls.wrap_socket(raw, server_hostname="localhost") as slow,
    ):
        slow.sendall(b"POST /api/v1/charges/ HTTP/1.1\r\nHost: localhost\r\n")
        start = time.monotonic()
        with suppress(OSError):
            assert not slow.recv(4096).startswith(b"HTTP/1.1 2")
        assert time.monotonic() - start < 15


def test_metrics_are_for_scrapers_and_prometheus_reads_both_replicas(stack: Stack) -> None:
    assert stack.get("/metrics", {"Authorization": f"Bearer {stack.secrets['metrics']}"})[0] == 403

    def samples(query: str) -> list[Any]:
        with closing(http.client.HTTPConnection("127.0.0.1", stack.ports["prometheus"], timeout=10)) as connection:
            connection.request("GET", f"/api/v1/query?query={query}")
            found: list[Any] = json.loads(connection.getresponse().read())["data"]["result"]
            return found

    wait_for(lambda: [sample["value"][1] for sample in samples("up")] == ["1", "1"], "scraped replicas")
    wait_for(lambda: bool(samples("sharj_balance_drift")), "gauge in Prometheus")
    assert {sample["value"][1] for sample in samples("sharj_balance_drift")} == {"0"}


def test_static_files_and_pages_come_through(stack: Stack) -> None:
    status, page = stack.get("/admin/login/")
    assert status == 200
    asset = re.search(rb'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page)
    assert asset
    assert stack.get(asset[1].decode())[0] == 200
    assert stack.get("/swagger/")[0] == 200


def pooled(stack: Stack) -> int:
    """Return how many connections the application has to PostgreSQL itself."""
    database = psycopg2.connect(
        host="127.0.0.1", port=stack.ports["postgres"], user="postgres", dbname="postgres",
        password=stack.superuser_password,
    )  # fmt: skip
    with database, database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = 'sharj_app'")
        row = cursor.fetchone()
    database.close()
    return int(row[0]) if row else 0


def report(name: str, document: dict[str, Any], stack: Stack, before: Counter[int]) -> None:
    """Print what clients saw: answers that were errors, and sends that were repeated."""
    errors = {status: count for status, count in (statuses(stack) - before).items() if status >= 500}
    sales = document["sales"]
    print(
        f"\n{name}: {sales['acknowledged']} charges acknowledged at {document['throughput_per_second']}/s, "
        f"p50 {document['latency_ms']['p50']} ms, p99 {document['latency_ms']['p99']} ms; "
        f"client-visible errors: {sum(errors.values())} {errors or ''}, sends repeated by clients: {sales['resent']}"
    )


def statuses(stack: Stack) -> Counter[int]:
    """Count the answers of nginx, from its access log."""
    lines = (stack.folder / "nginx.log").read_text(errors="replace").splitlines()
    return Counter(json.loads(line)["status"] for line in lines if line.startswith("{"))


def check(document: dict[str, Any], sales: str) -> None:
    assert document["ok"], document["failures"]
    assert document["sales"]["acknowledged"] == int(sales)
    assert all(not seller["differences"] for seller in document["sellers"])


def test_ten_sellers_through_the_whole_stack(stack: Stack) -> None:
    before = statuses(stack)
    document = run_load(stack, "--sellers", "10", "--num-requests", SALES, "--workers", "16")
    check(document, SALES)
    report("whole stack", document, stack, before)
    assert not [status for status in statuses(stack) - before if status >= 500]


def test_200_clients_share_20_connections(stack: Stack) -> None:
    before, most = statuses(stack), 0

    def watch() -> None:
        nonlocal most
        for _ in range(10):
            most = max(most, pooled(stack))
            time.sleep(0.2)

    options = ("--sellers", "10", "--num-requests", FAULT_SALES, "--workers", "200", "--executor", "thread")
    document = run_load(stack, *options, during=watch)
    check(document, FAULT_SALES)
    report(f"200 clients on {most} server connections", document, stack, before)
    assert 0 < most <= POOL_SIZE


def kill_redis(stack: Stack) -> None:
    stack.programs["redis"].stop(signal.SIGKILL)
    assert stack.ready() == {"status": "degraded", "checks": {"database": "ok", "redis": "unavailable"}}


def restart_a_replica(stack: Stack) -> None:
    replica = stack.programs["app-0"]
    replica.stop(signal.SIGTERM)
    replica.start()


def reload_nginx(stack: Stack) -> None:
    for _ in range(3):
        stack.programs["nginx"].send(signal.SIGHUP)
        time.sleep(0.5)


def reload_replica(replica: Program, port: int) -> None:
    former = replica.children()
    replica.send(signal.SIGHUP)
    wait_for(lambda: former.isdisjoint(replica.children()), "new workers")
    with urlopen(f"http://127.0.0.1:{port}/api/v1/health/live/", timeout=30) as answer:
        assert answer.status == 200


def reload_gunicorn(stack: Stack) -> None:
    """Reload one replica after the other: gunicorn ends the former workers before the new ones have started."""
    for number, port in enumerate(stack.app_ports):
        reload_replica(stack.programs[f"app-{number}"], port)


@pytest.mark.parametrize("fault", [kill_redis, restart_a_replica, reload_nginx, reload_gunicorn])
def test_a_fault_under_load_loses_and_doubles_nothing(stack: Stack, fault: Any) -> None:
    before = statuses(stack)
    options = ("--sellers", "10", "--num-requests", FAULT_SALES, "--workers", "16")
    document = run_load(stack, *options, during=lambda: fault(stack))
    check(document, FAULT_SALES)
    report(fault.__name__.replace("_", " "), document, stack, before)
    stack.programs["redis"].stop()
    stack.programs["redis"].start()
    wait_for(lambda: stack.ready()["status"] == "ok", "ready stack")


def test_all_balances_agree_afterwards_and_nothing_secret_was_logged(stack: Stack) -> None:
    for command in ("reconcile_balances", "verify_ledger"):
        for environment in (stack.direct(), stack.environment()):  # straight, and through PgBouncer
            done = stack.run(["python", "manage.py", command], environment)
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    logs = [*stack.folder.glob("*.log"), *Path(stack.folder / "logs").iterdir()]
    text = "\n".join(log.read_text(errors="replace") for log in logs)
    assert not re.search(r"eyJ[\w-]{10,}\.", text)
    assert not [name for name, secret in stack.secrets.items() if secret in text]
    assert "Traceback" not in text
    for line in (stack.folder / "logs/transactions.log").read_text().splitlines():
        event = json.loads(line)
        assert event["message"] == "balance changed"
        assert {"time", "request_id", "user", "seller", "type", "amount", "sequence"} <= event.keys()
        assert {"balance_before", "balance_after"} <= event.keys()
