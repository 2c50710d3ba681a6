"""Failures of the standby: the primary answers at once, and metrics, logs and health report it."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, connections, transaction
from django.db.utils import OperationalError
from pytest_django import Settings

from apps.core.database import replica
from apps.core.database.logins import database_login
from apps.core.database.roles import open_database
from apps.core.database.tests.replica.questions import asked, export, failures
from apps.core.database.tests.replica.standby import Standby
from apps.testing.api import Caller
from apps.testing.factories import log_in, make_seller, owner_of
from apps.transactions.models import LedgerEntry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]


@contextmanager
def paused(standby: Standby) -> Iterator[None]:
    """Let the standby receive, but replay nothing, meanwhile."""
    standby.ask("SELECT pg_wal_replay_pause()")
    while standby.ask("SELECT pg_get_wal_replay_pause_state()") != "paused":
        time.sleep(0.01)
    try:
        yield
    finally:
        standby.ask("SELECT pg_wal_replay_resume()")


def test_a_standby_that_lags_is_not_waited_for_longer_than_allowed_nor_asked_again_at_once(
    standby: Standby, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DATABASE_REPLICA_MAX_LAG_SECONDS = 1.0
    caller = log_in(owner_of(make_seller(balance="100.00")))
    assert replica.state() == "ok"
    before = failures("behind")

    with paused(standby), asked() as statements:
        caller.charge("1.00")
        began = time.monotonic()
        assert export(caller) == 2
        assert 1.0 <= time.monotonic() - began < 10
        began = time.monotonic()
        assert export(caller) == 2
        assert time.monotonic() - began < 1.0
        ready = Caller().get("health/ready/")

    assert statements == []
    assert (ready.status, ready.body["status"], ready.body["checks"]["replica"]) == (200, "degraded", "behind")
    assert failures("behind") == before + 1
    assert "the standby is behind" in caplog.text


def test_a_dead_standby_costs_one_failure_and_the_primary_answers(
    standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = log_in(owner_of(make_seller(balance="100.00")))
    assert export(caller) == 1
    before = failures("unavailable")
    standby.stop()
    try:
        for _ in range(5):
            assert export(caller) == 1
        assert failures("unavailable") == before + 1
        ready = Caller().get("health/ready/")
        assert (ready.status, ready.body["status"]) == (200, "degraded")
        assert ready.body["checks"] == {"database": "ok", "replica": "unavailable"}
        assert caller.charge("1.00").status == 201
    finally:
        standby.start(hot_standby_feedback="off", max_standby_streaming_delay="100ms")

    monkeypatch.setattr(replica._replica, "_paused_until", 0.0)  # the pause is over
    with asked() as statements:
        assert export(caller) == 2
    assert statements
    assert Caller().get("health/ready/").body["status"] == "ok"


def test_a_frozen_standby_is_given_up(standby: Standby, settings: Settings) -> None:
    settings.DATABASE_REPLICA_MAX_LAG_SECONDS = 0.2
    caller = log_in(owner_of(make_seller(balance="100.00")))
    assert export(caller) == 1
    standby.send(signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert export(caller) == 1
        assert replica.PATIENCE_SECONDS < time.monotonic() - began < replica.PATIENCE_SECONDS + 10
        began = time.monotonic()
        assert export(caller) == 1
        assert time.monotonic() - began < replica.PATIENCE_SECONDS
    finally:
        standby.send(signal.SIGCONT)


def test_a_read_that_replaying_cancels_is_answered_by_the_primary(standby: Standby) -> None:
    """The primary removes rows that a long read on the standby still sees; after 100 ms the read has to go."""
    make_seller(balance="10.00")
    aliases = []

    def slow() -> int:
        aliases.append(replica.reading_alias())
        with connections[replica.reading_alias()].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM transactions_ledgerentry")
            if len(aliases) == 1:
                connection.cursor().execute("UPDATE transactions_wallet SET last_entry_at = last_entry_at")
                _vacuum("transactions_wallet")
                cursor.execute("SELECT count(*) FROM accounts_seller, pg_sleep(3)")
            return 1

    def in_snapshot() -> int:
        with transaction.atomic(using=replica.reading_alias()):
            connections[replica.reading_alias()].cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            return slow()

    before = failures("cancelled")
    assert replica.read(in_snapshot) == 1
    assert aliases == ["replica", "default"]
    assert failures("cancelled") == before + 1
    assert replica.state() == "ok"  # one cancelled read says nothing of the next


def _vacuum(table: str) -> None:
    with open_database(database_login("superuser", connection.settings_dict["NAME"])) as database:
        database.cursor().execute(f"VACUUM {table}")


def test_a_read_that_takes_too_long_anywhere_is_not_tried_twice(standby: Standby) -> None:
    aliases = []

    def endless() -> None:
        aliases.append(replica.reading_alias())
        connections[replica.reading_alias()].cursor().execute("SET statement_timeout = 100; SELECT pg_sleep(5)")

    with pytest.raises(OperationalError, match="statement timeout"):
        replica.read(endless)
    assert aliases == ["replica"]
    connections["replica"].close()


def test_a_promoted_standby_is_not_asked(standby: Standby, settings: Settings) -> None:
    """Here the primary plays the promoted standby: it has all data, but follows no other server."""
    make_seller(balance="10.00")
    connections["replica"].close()
    connections["replica"].settings_dict.update(HOST=connection.settings_dict["HOST"])
    settings.DATABASE_REPLICA_MAX_LAG_SECONDS = 0.1
    assert replica.state() == "behind"
    assert replica.read(lambda: LedgerEntry.objects.all()[0])._state.db == "default"
