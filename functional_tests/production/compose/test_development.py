"""Development: the README's commands start PostgreSQL, Redis and a server that is reloaded when code changes."""

from __future__ import annotations

import json

import pytest

from functional_tests.production.compose.setup import Setup
from functional_tests.production.load import run_load
from functional_tests.production.processes import wait_for

pytestmark = pytest.mark.timeout(900)


def test_it_is_ready_and_sells(development: Setup) -> None:
    status, body = development.get("/api/v1/health/ready/")
    assert (status, json.loads(body)) == (200, {"status": "ok", "checks": {"database": "ok", "redis": "ok"}})
    assert development.get("/swagger/")[0] == 200
    document = run_load(development, "--sellers", "2", "--num-requests", "200", "--workers", "4")
    assert document["ok"], document["failures"]


def test_it_reloads_changed_code(development: Setup) -> None:
    file = development.checkout / "config/urls.py"
    file.write_text(file.read_text().replace('title="Sharj API"', 'title="Changed API"'))
    wait_for(lambda: b"Changed API" in development.get("/swagger.json")[1], "changed answer", 30)


def test_its_containers_and_volumes_are_not_those_of_production(development: Setup) -> None:
    names = {container["Name"] for container in development.containers()}
    mounts = [mount for container in development.containers() for mount in container["Mounts"]]
    volumes = {mount["Name"] for mount in mounts if mount["Type"] == "volume"}
    assert {name.startswith("/sharj-dev-") for name in names} == {True}
    assert "sharj-dev_postgres" in volumes
    assert "sharj_postgres" not in volumes
