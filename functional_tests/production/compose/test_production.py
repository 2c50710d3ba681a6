"""Production: the README's commands, and what comes in, what stays out, and what breaks when a part does."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from typing import Any

import pytest

from functional_tests.production.compose.setup import Setup
from functional_tests.production.processes import wait_for

pytestmark = pytest.mark.timeout(900)
# The first ends when it has made the folders, the other when the release is made.
ONCE = {"folders", "release"}
FORGED = "203.0.113.9"
LOGIN = json.dumps({"username": "forger", "password": "x"})


def service(container: dict[str, Any]) -> str:
    return str(container["Config"]["Labels"]["com.docker.compose.service"])


def test_all_containers_are_healthy(production: Setup) -> None:
    found = {
        c["Name"][1:]: c["State"].get("Health", {}).get("Status", c["State"]["Status"]) for c in production.containers()
    }
    print(f"\n{found}")
    # The age of what they have done is an alert.
    assert {found.pop(f"sharj-{name}-1") for name in ("backup", "restore-test", "night")} == {"running"}
    assert {found.pop(f"sharj-{name}-1") for name in ONCE} == {"exited"}
    assert set(found.values()) == {"healthy"}
    status, body = production.get("/api/v1/health/ready/")
    assert (status, json.loads(body)) == (200, {"status": "ok", "checks": {"database": "ok", "redis": "ok"}})


def test_port_80_leads_to_https_and_no_other_host_is_served(production: Setup) -> None:
    with closing(http.client.HTTPConnection("localhost", 80, timeout=10)) as plain:
        plain.request("GET", "/api/v1/auth/me/")
        answer = plain.getresponse()
        assert (answer.status, answer.getheader("Location")) == (308, "https://localhost/api/v1/auth/me/")
    for path in ("/api/v1/auth/me/", "/api/v1/health/ready/"):
        assert production.get(path, {"Host": "evil.example.org"})[0] == 400


def test_static_files_and_pages_come_through(production: Setup) -> None:
    assert production.get("/static/admin/css/base.css")[0] == 200
    assert production.get("/admin/login/")[0] == 200
    assert production.get("/swagger/")[0] == 200


def samples(production: Setup, query: str) -> list[Any]:
    """Ask Prometheus, from within its container."""
    address = f"http://127.0.0.1:9090/api/v1/query?query={query}"
    found: list[Any] = json.loads(production.compose("exec", "-T", "prometheus", "wget", "-qO-", address))["data"][
        "result"
    ]
    return found


def test_prometheus_scrapes_replicas_and_stream_and_outsiders_do_not(production: Setup) -> None:
    wait_for(lambda: [found["value"][1] for found in samples(production, "up")] == ["1"] * 3, "scraped servers")
    assert production.get("/metrics", {"Authorization": f"Bearer {production.secret('metrics_token')}"})[0] == 403


def address(container: dict[str, Any], network: str) -> str:
    return str(container["NetworkSettings"]["Networks"][f"sharj_{network}"]["IPAddress"])


def log_in_past_nginx(replica: str) -> int:
    """Fail to log in on a replica itself, from the network's gateway, as a proxy would; return the status."""
    headers = {"Host": "localhost", "Content-Type": "application/json", "X-Forwarded-For": FORGED, "X-Forwarded-Proto": "https"}  # fmt: skip  # noqa: E501
    with closing(http.client.HTTPConnection(replica, 8000, timeout=30)) as link:
        link.request("POST", "/api/v1/auth/seller/login/", LOGIN, headers)
        return link.getresponse().status


def test_an_address_cannot_be_forged(production: Setup) -> None:
    """Neither through nginx, which says what it sees, nor past it, where no proxy is trusted."""
    assert {log_in_past_nginx(address(replica, "app")) for replica in production.containers("app")} == {301}  # to HTTPS
    with closing(http.client.HTTPSConnection("localhost", timeout=30, context=production.tls)) as link:
        headers = {"Content-Type": "application/json", "X-Forwarded-For": FORGED}
        link.request("POST", "/api/v1/auth/seller/login/", LOGIN, headers)
        assert link.getresponse().status == 401
    logs = production.compose("logs", "--no-log-prefix", "app", "nginx")
    assert "login_failed" in logs
    assert FORGED not in logs


def test_networks_are_apart(production: Setup) -> None:
    found = {service(c): {name.removeprefix("sharj_") for name in c["NetworkSettings"]["Networks"]} for c in production.containers()}  # fmt: skip  # noqa: E501
    data = {"postgres", "redis", "pgbouncer", "release", "backup", "restore-test", "night"}
    assert found == {
        "nginx": {"edge", "app"}, "app": {"app", "data"}, "stream": {"app", "data"}, "prometheus": {"app", "watch"},
        "grafana": {"watch"}, "alertmanager": {"watch"},
        "folders": {"none"}, "worker": {"data", "out"}, **{name: {"data"} for name in data},
    }  # fmt: skip
    assert address(production.containers("nginx")[0], "app") == "172.31.250.10"
    assert production.docker("network", "inspect", "-f", "{{.Internal}}", "sharj_data").strip() == "true"


CAPABILITIES = {"nginx": ["CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID"], "folders": ["CHOWN", "FOWNER"]}


def test_containers_may_do_no_more_than_they_need(production: Setup) -> None:
    for container in production.containers():
        name, host = service(container), container["HostConfig"]
        assert host["CapDrop"] == ["ALL"], name
        added = sorted(cap.removeprefix("CAP_") for cap in host["CapAdd"] or [])
        assert added == CAPABILITIES.get(name, []), name
        assert host["ReadonlyRootfs"] is True, name
        assert 0 < host["PidsLimit"] <= 300, name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert host["Memory"] > 0, name
        assert not host["Privileged"], name


def test_no_secret_is_seen_from_outside_a_container(production: Setup) -> None:
    folder = production.checkout / "secrets"
    assert folder.stat().st_mode & 0o777 == 0o700
    values = {file.name: file.read_text() for file in folder.iterdir() if file.stat().st_size}
    assert len(values) == 11
    assert min(map(len, values.values())) >= 50
    seen = (
        json.dumps(production.containers())
        + production.compose("logs")
        + (production.checkout / "compose.env").read_text()
    )
    seen += production.compose("config") + production.compose("top")
    assert [name for name, value in values.items() if value in seen] == []
    again = production.shell(production.make_env)
    assert "exist already" in again
    assert {file.name: file.read_text() for file in folder.iterdir() if file.stat().st_size} == values


def test_a_standby_comes_up_beside_it(production: Setup) -> None:
    replica = ("--profile", "replica")
    production.compose(*replica, "up", "--detach", "--no-deps", "postgres-replica")
    ask = ("exec", "-T", "postgres-replica", "psql", "--username=postgres", "--tuples-only", "--command")

    def follows() -> bool:
        said = production.compose(*replica, *ask, "SELECT pg_is_in_recovery(), count(*) FROM pg_stat_wal_receiver", check=False)  # fmt: skip  # noqa: E501
        return said.split() == ["t", "|", "1"]

    try:
        wait_for(follows, "standby that follows", 120)
    finally:
        production.compose(*replica, "rm", "--stop", "--force", "postgres-replica")
