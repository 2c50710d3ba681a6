"""A real standby behind the whole stack: who answers exports, what its death costs, and what a promotion costs."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
import pytest

from functional_tests.production.load import run_load
from functional_tests.production.people import Admin
from functional_tests.production.processes import wait_for
from functional_tests.production.stack import Stack
from functional_tests.production.test_stack import FAULT_SALES, check, report, statuses

pytestmark = pytest.mark.timeout(600)
LOAD = ("--sellers", "4", "--num-requests", FAULT_SALES, "--workers", "8")


@pytest.fixture(scope="module")
def pair(programs: None) -> Iterator[Stack]:
    """A stack with a standby, which ends when the test of a synchronous standby kills its primary."""
    with Stack(standby=True) as running:
        yield running


@pytest.fixture
def other_pair(programs: None) -> Iterator[Stack]:
    """Another one."""
    with Stack(standby=True) as running:
        yield running


def ask(stack: Stack, server: str, statement: str, database: str = "sharj") -> Any:
    """Return the one value that a superuser's statement gives on `postgres` or `standby`."""
    link = psycopg2.connect(
        host="127.0.0.1", port=stack.ports[server], user="postgres", dbname=database,
        password=stack.superuser_password, connect_timeout=5,
    )  # fmt: skip
    with closing(link):
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def scans(stack: Stack, server: str) -> int:
    """Return how often a server has read the ledger. Each counts its own."""
    table = "pg_stat_user_tables WHERE relname = 'transactions_ledgerentry'"
    return int(ask(stack, server, f"SELECT seq_scan + idx_scan FROM {table}"))


def entries(stack: Stack, server: str) -> int:
    return int(ask(stack, server, "SELECT count(*) FROM transactions_ledgerentry"))


@contextmanager
def paused_replay(stack: Stack) -> Iterator[None]:
    ask(stack, "standby", "SELECT pg_wal_replay_pause()")
    try:
        yield
    finally:
        ask(stack, "standby", "SELECT pg_wal_replay_resume()")


def test_exports_come_from_the_standby_until_it_lags_freezes_or_dies(pair: Stack) -> None:
    run_load(pair, "--sellers", "2", "--num-requests", "200", "--workers", "4")
    admin, all_entries = Admin(pair), entries(pair, "postgres")
    assert ask(pair, "standby", "SELECT pg_is_in_recovery()") is True
    assert pair.ready() == {"status": "ok", "checks": {"database": "ok", "redis": "ok", "replica": "ok"}}

    before = scans(pair, "standby")
    found, seconds = admin.export()
    assert found == all_entries
    wait_for(lambda: scans(pair, "standby") > before, "look of the standby into its ledger", 15)
    print(f"\nexport of {found} entries from the standby: {seconds * 1000:.0f} ms")

    environment = {**pair.direct(), "DATABASE_PORT": str(pair.ports["standby"]), "DATABASE_REPLICA_HOST": ""}
    done = pair.run(["python", "manage.py", "verify_ledger"], environment)
    assert (done.returncode, "no fault" in done.stdout) == (0, True), done.stdout + done.stderr

    with paused_replay(pair):
        run_load(pair, "--sellers", "1", "--num-requests", "50", "--workers", "2")
        slow, quick = admin.export(), admin.export()
        assert slow[0] == quick[0] == entries(pair, "postgres") > entries(pair, "standby")
        wait_for(lambda: pair.ready()["checks"].get("replica") == "behind", "word of the lag")
        assert pair.ready()["status"] == "degraded"
        print(f"while it lags: {slow[1] * 1000:.0f} ms, then {quick[1] * 1000:.0f} ms, nothing missing")

    wait_for(lambda: pair.ready()["status"] == "ok", "standby that is back")
    # The postmaster: no new connection is taken; then a kill -9 of it all.
    pair.programs["standby"].send(signal.SIGSTOP)
    assert admin.export()[0] == entries(pair, "postgres")
    pair.programs["standby"].send(signal.SIGCONT)
    pair.programs["standby"].stop(signal.SIGKILL)
    counted = Counter(admin.send("GET", "/api/v1/transactions/?page_size=5")[0] for _ in range(20))
    assert counted == {200: 20}
    times = sorted(admin.export()[1] for _ in range(10))
    dead = {"status": "degraded", "checks": {"database": "ok", "redis": "ok", "replica": "unavailable"}}
    wait_for(lambda: pair.ready() == dead, "word of its death")
    print(f"while it is dead: 10 exports, none failed, the slowest {times[-1] * 1000:.0f} ms")
    document = run_load(pair, "--sellers", "2", "--num-requests", "200", "--workers", "4")
    assert document["ok"]

    pair.programs["standby"].start()
    wait_for(lambda: pair.ready()["status"] == "ok", "standby that is back")
    assert entries(pair, "standby") == entries(pair, "postgres")


def fail_over(stack: Stack) -> float:
    """Kill the primary's machine, promote the standby, send PgBouncer there; return the seconds that it took."""
    began = time.monotonic()
    stack.programs["postgres"].stop(signal.SIGKILL)
    stack.promote_standby()
    return time.monotonic() - began


def books_agree(stack: Stack) -> None:
    """Let the operator's commands judge the promoted server."""
    environment = {**stack.direct(), "DATABASE_PORT": str(stack.ports["standby"])}
    for command in ("reconcile_balances", "verify_ledger"):
        done = stack.run(["python", "manage.py", command], environment)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr


def test_promotion_of_a_synchronous_standby_loses_no_acknowledged_charge(pair: Stack) -> None:
    ask(pair, "postgres", "ALTER SYSTEM SET synchronous_standby_names = 'standby'")
    ask(pair, "postgres", "SELECT pg_reload_conf()")
    wait_for(
        lambda: ask(pair, "postgres", "SELECT sync_state FROM pg_stat_replication") == "sync", "synchronous standby"
    )
    before, took = statuses(pair), [0.0]

    def fault() -> None:
        took[0] = fail_over(pair)

    document = run_load(pair, *LOAD, during=fault)  # it audits every acknowledged sale against the promoted server
    check(document, FAULT_SALES)
    report(f"promotion under load (kill, promote, repoint: {took[0]:.1f} s)", document, pair, before)
    books_agree(pair)
    assert pair.ready()["checks"]["database"] == "ok"
    assert pair.ready()["checks"]["replica"] != "ok"  # no standby follows the new primary yet


def test_promotion_of_an_asynchronous_standby_loses_what_it_had_not_received(other_pair: Stack) -> None:
    run_load(other_pair, "--sellers", "2", "--num-requests", "100", "--workers", "4")
    wait_for(lambda: entries(other_pair, "standby") == entries(other_pair, "postgres"), "standby that has all")
    received = entries(other_pair, "standby")
    other_pair.programs["standby"].stop(signal.SIGINT)  # for the primary: a standby that it cannot reach
    run_load(other_pair, "--sellers", "1", "--num-requests", "50", "--workers", "2")
    acknowledged = entries(other_pair, "postgres")
    other_pair.programs["postgres"].stop(signal.SIGKILL)
    other_pair.programs["standby"].start()
    fail_over(other_pair)
    kept = entries(other_pair, "standby")
    assert kept == received < acknowledged
    books_agree(other_pair)
    lost = acknowledged - kept
    print(
        f"\nasynchronous, not connected when the primary died: {lost} of {acknowledged} entries are gone, books agree"
    )
