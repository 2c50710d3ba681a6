"""The load script through nginx while a part is killed, restarted or stopped: every balance agrees afterwards."""

from __future__ import annotations

import os
import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from functional_tests.production.compose.selling import books_agree, p99, sell, sell_while
from functional_tests.production.compose.setup import Setup

pytestmark = pytest.mark.timeout(900)
SALES = os.environ.get("COMPOSE_SALES", "1500")
FAULT_SALES = os.environ.get("COMPOSE_FAULT_SALES", "500")


def test_load_through_nginx_with_tls(production: Setup) -> None:
    sold = sell(production, "whole setup", SALES)
    assert (sold.errors, sold.resent) == ({}, 0)
    assert len({request["upstream"] for request in sold.requests if request["upstream"]}) == 2  # both replicas
    books_agree(production)


def test_kill_9_of_postgresql(production: Setup) -> None:
    sell(production, "kill -9 of PostgreSQL", FAULT_SALES, lambda: production.kill("postgres"))
    production.settled()
    assert production.containers("postgres")[0]["RestartCount"] == 1
    books_agree(production)


NOT_NEEDED = ["redis", "prometheus", "grafana", "backup"]  # money moves without them
SERVICES = [*NOT_NEEDED, "postgres", "pgbouncer", "app", "nginx"]


def test_restart_of_each_service(production: Setup) -> None:
    began: dict[str, str] = {}

    def restart_all() -> None:
        for service in SERVICES:
            began[service] = datetime.now(UTC).isoformat(timespec="seconds")
            production.compose("restart", service)
            production.settled()

    sold = sell_while(production, "restarts", FAULT_SALES, restart_all)
    by_service = Counter(
        max(((moment, service) for service, moment in began.items() if moment <= request["time"]), default=("", ""))[1]
        for request in sold.requests if request["status"] >= 500
    )  # fmt: skip
    print(f"\nrestart of each service: {len(sold.requests)} requests, failed by service: {dict(by_service)}, "
          f"repeated by clients: {sold.resent}")  # fmt: skip
    assert not {*NOT_NEEDED} & set(by_service)
    books_agree(production)


def test_one_replica_stopped(production: Setup) -> None:
    """No request fails, and once its address is forgotten none is slow for it."""
    stopped = [0.0]

    def stop() -> None:
        production.docker("stop", production.containers("app")[0]["Id"])
        stopped[0] = time.time()

    sold = sell(production, "one replica stopped", SALES, stop)
    try:
        assert (sold.errors, sold.resent) == ({}, 0)
        after = production.requests(stopped[0])
        print(
            f"\nafter the stop: {len(after)} requests, p99 {p99(after):.3f} s, "
            f"slowest {max(request['seconds'] for request in after)} s"
        )
        later = production.requests(stopped[0] + 3)
        assert {len(request["upstream"].split(",")) for request in later if request["upstream"]} == {
            1
        }  # none is tried in vain
    finally:
        production.docker("start", production.containers("app")[0]["Id"])
        production.settled()
