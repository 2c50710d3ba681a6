"""A standby that streams from the tests' own PostgreSQL; one for all tests of this folder."""

import inspect
from collections.abc import Iterator

import pytest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import Settings

from apps.core.database import replica
from apps.core.database.embedded.server import EmbeddedPostgres
from apps.core.database.tests.replica.standby import Standby


@pytest.fixture(scope="package")
def running() -> Iterator[Standby]:
    primary = EmbeddedPostgres.from_environment()
    login = primary.connection("superuser")
    server = Standby(primary, {"host": login["HOST"], "port": login["PORT"]})
    try:
        server.create()
        server.start(hot_standby_feedback="off", max_standby_streaming_delay="100ms")
        yield server
    finally:
        server.destroy()


@pytest.fixture
def standby(
    running: Standby, transactional_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Standby]:
    """The standby, known to the settings as DATABASE_REPLICA_HOST makes it known."""
    # Django's test case forbids databases that it was not told of, and a mark can only name those of the settings.
    case = inspect.getclosurevars(BaseDatabaseWrapper.ensure_connection).nonlocals["cls"]
    monkeypatch.setattr(case, "databases", {"default", "replica"})
    address = {"HOST": running.address["host"], "PORT": running.address["port"]}
    monkeypatch.setitem(connections.settings, "replica", {**connection.settings_dict, **address})
    monkeypatch.setattr(replica, "_replica", replica._Replica())
    settings.DATABASE_ROUTERS = ["apps.core.database.replica.ReplicaRouter"]
    settings.DATABASE_REPLICA_MAX_LAG_SECONDS = 5.0
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")  # as in production: what is acknowledged is flushed
    yield running
    connection.close()
    connections["replica"].close()
    del connections["replica"]
