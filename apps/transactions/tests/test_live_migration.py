"""The ledger's guards come to a database that has entries: forwards, backwards, and against open transactions.

LIVE_LEDGER_ENTRIES=1000000 does it with a million entries.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from psycopg2.extensions import connection
from psycopg2.sql import SQL, Identifier

from apps.core.database.logins import database_login
from apps.core.database.roles import open_database, restrict_database
from apps.testing import citus
from apps.transactions.tests.live_ledger import FILL
from config.env_file import REPOSITORY

DATABASE = "sharj-live"
SELLERS = 100
# As earlier releases stored it, and as the migration leaves it.
PHONE_NUMBERS = {"+98912345678٩": "+989123456789", "+989120000001": "+989120000001", "0912": "", "+98912x": ""}
ENTRIES = int(os.environ.get("LIVE_LEDGER_ENTRIES", "10000"))
TIMEOUT_SECONDS = 60 + ENTRIES // 500

pytestmark = [
    pytest.mark.timeout(8 * TIMEOUT_SECONDS),
    pytest.mark.django_db,
    pytest.mark.skipif(citus.is_wanted(), reason="makes a database of its own, which is not distributed"),
]

Manage = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def manage() -> Manage:
    """Run manage.py on the database of this module."""
    owner, application = database_login("owner", DATABASE), database_login("app", DATABASE)
    environment = {
        "SECRET_KEY": "x",
        "DATABASE_HOST": owner["HOST"],
        "DATABASE_PORT": owner["PORT"],
        "DATABASE_NAME": DATABASE,
        "DATABASE_OWNER_USER": owner["USER"],
        "DATABASE_OWNER_PASSWORD": owner["PASSWORD"],
        "DATABASE_USER": application["USER"],
        "DATABASE_PASSWORD": application["PASSWORD"],
    }

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
        )

    return run


@pytest.fixture
def owner(manage: Manage) -> Iterator[connection]:
    """The owner's connection to a database with entries at the migrations before the guards."""
    name = Identifier(DATABASE)
    with open_database(database_login("owner", "postgres")) as server, server.cursor() as statement:
        statement.execute(SQL("CREATE DATABASE {}").format(name))
        try:
            with open_database(database_login("owner", DATABASE)) as database:
                restrict_database(database, database_login("app")["USER"])
                succeed(manage("migrate", "accounts", "0002"))
                succeed(manage("migrate", "credit_requests", "0002"))
                with database.cursor() as filling:
                    filling.execute(FILL, {"sellers": SELLERS, "entries": ENTRIES})
                yield database
        finally:
            statement.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def succeed(result: "subprocess.CompletedProcess[str]") -> str:
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def refuse(result: "subprocess.CompletedProcess[str]") -> str:
    assert result.returncode != 0
    return result.stderr


def schema_of_money(database: connection) -> list[tuple[object, ...]]:
    """Return the columns, triggers and constraints of the tables of money, and its functions."""
    with database.cursor() as statement:
        statement.execute(
            """WITH money AS (
                   SELECT oid FROM pg_class
                   WHERE relname IN ('transactions_ledgerentry', 'transactions_wallet', 'credit_requests_creditrequest')
               )
               SELECT attname::text FROM pg_attribute
                   WHERE attrelid IN (SELECT oid FROM money) AND attnum > 0 AND NOT attisdropped
               UNION ALL SELECT tgname FROM pg_trigger WHERE tgrelid IN (SELECT oid FROM money) AND NOT tgisinternal
               UNION ALL SELECT conname FROM pg_constraint WHERE conrelid IN (SELECT oid FROM money)
               UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
                   AND proname ~ '^(ledger|wallet|entry|credit_request|read_wallet|refuse_change|open_wallet)'
               ORDER BY 1"""
        )
        return statement.fetchall()


def rows(database: connection) -> tuple[object, ...]:
    with database.cursor() as statement:
        statement.execute(
            "SELECT count(*), sum(amount), sum(balance_after), min(created_at) FROM transactions_ledgerentry"
        )
        return statement.fetchone() or ()


def phone_numbers(database: connection) -> set[str]:
    with database.cursor() as statement:
        statement.execute("SELECT phone_number FROM accounts_seller WHERE phone_number <> ''")
        return {number for (number,) in statement.fetchall()}


def test_a_ledger_with_entries_is_migrated_verified_and_migrated_back(manage: Manage, owner: connection) -> None:
    schema, entries = schema_of_money(owner), rows(owner)
    with owner.cursor() as statement:  # sellers have no constraint of theirs yet
        for number, phone_number in enumerate(PHONE_NUMBERS, start=1):
            statement.execute(
                "UPDATE accounts_seller SET phone_number = %s WHERE company_name = %s",
                [phone_number, f"Company {number}"],
            )

    def timed(*arguments: str) -> str:
        began = time.monotonic()
        output = succeed(manage(*arguments))
        sys.stdout.write(f"{' '.join(arguments)}: {time.monotonic() - began:.1f} s\n")
        return output

    timed("migrate")
    assert phone_numbers(owner) == {number for number in PHONE_NUMBERS.values() if number}
    assert f"{ENTRIES:,} entries of {SELLERS} sellers: no fault." in timed("verify_ledger")
    assert rows(owner) == entries
    timed("migrate", "transactions", "0002")
    assert schema_of_money(owner) == schema
    assert rows(owner) == entries
    timed("migrate")
    assert "no fault" in timed("verify_ledger")


def test_a_migration_that_gets_no_lock_gives_up_and_can_be_run_again(manage: Manage, owner: connection) -> None:
    succeed(manage("migrate", "transactions", "0004"))
    with (
        open_database(database_login("app", DATABASE)) as selling,
        selling.cursor() as statement,
    ):
        # Longer than the application's own limit, which would end this transaction before a slow machine gives up.
        statement.execute("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0")
        statement.execute("UPDATE transactions_wallet SET spent_on = spent_on")
        error = refuse(manage("migrate", "transactions", "0005"))
        assert "lock timeout" in error
        statement.execute("ROLLBACK")
    succeed(manage("migrate"))
    assert "no fault" in succeed(manage("verify_ledger"))
