"""The primary is lost, by the commands of docs/operations.md. The last module: another server leads after it."""

from __future__ import annotations

import pytest

from functional_tests.production.compose.selling import books_agree, sell
from functional_tests.production.compose.setup import Setup
from functional_tests.production.processes import wait_for

pytestmark = pytest.mark.timeout(1_200)
JOBS = {"backup", "events", "reconciliation", "seal", "summaries", "restored_ledger", "restore_test"}


def ask(setup: Setup, server: str, statement: str) -> str:
    """Return what a server answers; nothing if it does not."""
    command = ("exec", "-T", server, "psql", "--username=postgres", "--dbname=sharj", "--csv", "--tuples-only")
    return setup.compose(*command, "--command", statement, check=False).strip()


def entries(setup: Setup, server: str) -> str:
    return ask(setup, server, "SELECT count(*) FROM transactions_ledgerentry")


def add(setup: Setup, line: str) -> None:
    """Add a line to compose.env."""
    with (setup.checkout / "compose.env").open("a") as file:
        file.write(f"{line}\n")


def test_the_jobs_of_the_night_succeed_and_a_backup_was_restored_and_verified(production: Setup) -> None:
    def done() -> bool:
        return {f"{job}.ok" for job in JOBS} <= set(production.compose("exec", "-T", "night", "ls", "/stamps").split())

    wait_for(done, "stamps of all jobs", 300)


def test_the_standby_takes_over_and_the_former_primary_comes_back_as_its_standby(production: Setup) -> None:
    add(production, "COMPOSE_PROFILES=replica")
    production.compose("up", "--detach", "--no-deps", "postgres-replica")
    sell(production, "before the failover", "200")
    before = entries(production, "postgres")
    wait_for(lambda: entries(production, "postgres-replica") == before, "standby that has all", 120)

    production.compose("stop", "postgres")
    production.compose("exec", "-T", "postgres-replica", "/opt/postgres/promote.sh")
    production.compose("exec", "-T", "pgbouncer", "/etc/sharj/repoint.sh", "postgres-replica")
    add(production, "POSTGRES_HOST=postgres-replica")
    production.compose("run", "--rm", "--no-deps", "--entrypoint", "/opt/backup/backup.sh", "backup")
    books_agree(production)
    (former,) = production.containers("postgres")
    assert former["State"]["Status"] == "exited"  # no command started it
    print(f"\npromotion: {before} entries before, {entries(production, 'postgres-replica')} after")
    sell(production, "after the failover", "200")

    production.docker("start", former["Id"])  # as a reboot does
    wait_for(lambda: production.containers("postgres")[0]["RestartCount"] > 0, "end of the former primary")
    assert "postgres does not start: postgres-replica was promoted at" in production.compose("logs", "postgres")
    production.compose("stop", "postgres")
    production.compose(
        "run", "--rm", "--no-deps", "--entrypoint", "sh", "postgres", "-c", "rm -rf /var/lib/postgresql/18"
    )
    production.compose("up", "--detach", "--no-deps", "postgres")
    wait_for(lambda: ask(production, "postgres", "SELECT pg_is_in_recovery()") == "t", "standby", 120)
    after = entries(production, "postgres-replica")
    wait_for(lambda: entries(production, "postgres") == after, "standby that has all", 120)
    print(f"\nformer primary as a standby: {after} entries there, {entries(production, 'postgres')} here")
