"""What only a cluster can show: a guard lost on one shard, and one commit for a sale and its event."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.accounts.models import Seller
from apps.core.database.citus.nodes import on_workers
from apps.core.database.logins import database_login
from apps.core.database.roles import open_database
from apps.outbox.models import Event
from apps.testing import citus
from apps.testing.api import PHONE
from apps.testing.factories import claims_of, log_in, make_seller, owner_of, sell
from apps.testing.invariants import assert_ledger_consistent
from apps.testing.races import race
from apps.transactions.charges.services import sell_charge
from apps.transactions.models import LedgerEntry, Wallet

pytestmark = [
    pytest.mark.skipif(not citus.is_wanted(), reason="needs a cluster: make citus-test"),
    pytest.mark.django_db(transaction=True),
]

LOST = "DROP TRIGGER {name} ON {table}"
FOUND = """
SELECT tgname, tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger
WHERE tgname ~ %s AND tgrelid::regclass::text ~ '_[0-9]+$' ORDER BY tgname, tgrelid LIMIT 1"""


@contextmanager
def superuser_of_first_worker() -> Iterator[Any]:
    coordinator = database_login("superuser", connection.settings_dict["NAME"])
    with open_database(coordinator) as database:
        worker = next(on_workers(database, coordinator))
    with open_database(worker) as database, database.cursor() as statement:
        for setting in ("override_table_visibility = off", "enable_ddl_propagation = off"):
            statement.execute(f"SET citus.{setting}")
        statement.execute("SET citus.enable_manual_changes_to_shards = on")
        yield statement


@contextmanager
def as_owner() -> Iterator[None]:
    settings = connection.settings_dict
    before, login = (settings["USER"], settings["PASSWORD"]), database_login("owner")
    connection.close()
    settings.update(USER=login["USER"], PASSWORD=login["PASSWORD"])
    try:
        yield
    finally:
        connection.close()
        settings.update(USER=before[0], PASSWORD=before[1])


def check() -> str:
    output = StringIO()
    with as_owner():
        call_command("distribute_ledger", check=True, stdout=output)
    return output.getvalue()


def test_every_guard_holds_on_every_shard() -> None:
    assert "attempts, all refused." in check()


@pytest.mark.parametrize(
    ("guard", "attempt"),
    [
        ("wallet_matches_ledger", "a wallet that moves without an entry"),
        ("ledger_is_append_only", "UPDATE transactions_ledgerentry"),
        ("entry_extends_chain", "an entry out of order"),
        ("credit_request_decision_is_final", "another decision"),
        ("ledger_stays", "TRUNCATE transactions_ledgerentry"),
    ],
)
def test_a_guard_that_one_shard_has_lost_is_found(guard: str, attempt: str) -> None:
    with superuser_of_first_worker() as statement:
        statement.execute(FOUND, [f"^{guard}(_[0-9]+)?$"])
        name, table, definition = statement.fetchone()
        statement.execute(LOST.format(name=name, table=table))
    try:
        with pytest.raises(CommandError, match="What must be refused was not") as complaint:
            check()
    finally:
        with superuser_of_first_worker() as statement:
            statement.execute(definition)

    assert f"{attempt}" in str(complaint.value)
    assert table in str(complaint.value)


@pytest.fixture
def alerted() -> Seller:
    """A seller with 100.00 that is told when it has less than 50.00."""
    seller = make_seller(balance="100.00")
    Seller.objects.filter(pk=seller.pk).update(low_balance_alert=Decimal("50.00"))
    return seller


def test_a_sale_that_passes_the_alert_is_committed_with_its_event(alerted: Seller) -> None:
    sell(alerted, "60.00")
    sell(alerted, "1.00")

    [event] = Event.objects.filter(seller_id=alerted.pk, type="balance.low")
    assert event.data["balance"] == "40.00"
    assert Wallet.objects.get(pk=alerted.pk).is_low


def remote_commands(amount: str, seller: Seller) -> list[str]:
    """Return what the coordinator said to nodes for a sale."""
    claims = claims_of(owner_of(seller))  # a login is a commit on every node
    notices: list[str] = connection.connection.notices
    with connection.cursor() as cursor:
        cursor.execute("SET client_min_messages = notice")
        cursor.execute("SET citus.log_remote_commands = on")
    del notices[:]
    sell_charge(claims=claims, phone_number=PHONE, amount=Decimal(amount))
    return [line.strip() for line in notices if "issuing" in line]


def test_an_event_makes_the_commit_one_of_coordinator_and_node_and_a_plain_sale_does_not(alerted: Seller) -> None:
    plain, with_event = remote_commands("1.00", alerted), remote_commands("60.00", alerted)

    assert not any("PREPARE TRANSACTION" in command for command in plain)
    assert any("PREPARE TRANSACTION" in command for command in with_event)


def test_a_sale_asks_one_node_for_each_statement_once(seller: Seller) -> None:
    commands = remote_commands("1.00", seller)
    own = [command for command in commands if "accounts_" not in command]

    assert sum("FOR NO KEY UPDATE" in command for command in own) == 1
    assert sum("read_wallet" in command for command in own) == 1
    assert sum("write_entries" in command for command in own) == 1


def test_twenty_submissions_of_one_key_at_once_sell_once() -> None:
    callers = [log_in(owner_of(make_seller(balance="100.00")))] * 20

    answers = race(*[lambda: callers[0].charge(key="once") for _ in callers])

    assert [answer.status for answer in answers] == [201] * 20
    assert len({answer.body["id"] for answer in answers}) == 1
    assert sum(answer.headers.get("Idempotent-Replayed") == "true" for answer in answers) == 19
    assert LedgerEntry.objects.filter(type="charge_sale").count() == 1
    assert_ledger_consistent()
