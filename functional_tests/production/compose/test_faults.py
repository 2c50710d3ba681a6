"""The load script through nginx while a part is killed, restarted or stopped: every balance agrees afterwards."""

from __future__ import annotations

import os
import time

import pytest

from functional_tests.production.compose.selling import books_agree, p99, sell, sell_while
from functional_tests.production.compose.setup import Setup

pytestmark = pytest.mark.timeout(900)
SALES = os.environ.get("COMPOSE_SALES", "1500")
FAULT_SALES = os.environ.get("COMPOSE_FAULT_SALES", "1000")


def test_load_through_nginx_with_tls(production: Setup) -> None:
    sold = sell(production, "whole setup", SALES)
    assert (sold.errors, sold.resent) == ({}, 0)
    assert len({request["upstream"] for request in sold.requests if request["upstream"]}) == 2  # both replicas
    books_agree(production)


def test_kill_9_of_postgresql(production: Setup) -> None:
    sold = sell(production, "kill -9 of PostgreSQL", FAULT_SALES, lambda: production.kill("postgres"))
    assert sold.errors  # it was killed under load
    production.settled()
    assert production.containers("postgres")[0]["RestartCount"] == 1
    books_agree(production)


NOT_NEEDED = ["redis", "prometheus", "grafana", "backup"]  # money moves without them
SERVICES = [*NOT_NEEDED, "postgres", "pgbouncer", "app", "nginx"]


@pytest.mark.parametrize("service", SERVICES)
def test_restart_of_a_service(production: Setup, service: str) -> None:
    sold = sell(production, f"restart of {service}", FAULT_SALES, lambda: _restart(production, service))
    if service in NOT_NEEDED:
        assert (sold.errors, sold.resent) == ({}, 0)


def _restart(setup: Setup, service: str) -> None:
    """Restart the containers of a service, one after the other."""
    for container in setup.containers(service):
        setup.docker("restart", container["Id"])
        setup.settled()


def test_the_books_agree_after_all_restarts(production: Setup) -> None:
    books_agree(production)


def test_one_replica_stopped(production: Setup) -> None:
    """No request fails, and once its address is forgotten none is slow for it."""
    stopped, replica = [0.0], production.containers("app")[0]["Id"]

    def stop() -> None:
        production.docker("stop", replica)
        stopped[0] = time.time()
        time.sleep(5)  # the load goes on, on a fast machine in a further run

    try:
        sold = sell_while(production, "one replica stopped", SALES, stop)
        assert (sold.errors, sold.resent) == ({}, 0)
        after = production.requests(stopped[0])
        print(
            f"\nafter the stop: {len(after)} requests, p99 {p99(after):.3f} s, "
            f"slowest {max(request['seconds'] for request in after)} s"
        )
        later = production.requests(stopped[0] + 3)
        assert later
        assert not [request for request in later if "," in request["upstream"]]  # the stopped one is tried no more
    finally:
        production.docker("start", replica)
        production.settled()
