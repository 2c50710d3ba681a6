"""Made-up data is as good as real: it breaks no constraint, and the service's own checks agree with it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection
from psycopg2.extensions import connection as Connection

from apps.core.database.logins import database_login
from apps.core.database.roles import open_database
from apps.transactions.models import EntryType, LedgerEntry, Wallet
from apps.transactions.reconciliation.reconcile import reconcile_all
from apps.transactions.reconciliation.verification import Verification
from functional_tests.performance.benchmark.generator import Account, DataPlan
from functional_tests.performance.benchmark.loader import load

PLAN = DataPlan(sellers=20, entries=3_000, until=datetime(2026, 1, 1, tzinfo=UTC), days=30)

# Every foreign key and every trigger that the load went round, as a query that finds what breaks it.
BROKEN = {
    "a credit without its approved request": """
        SELECT FROM transactions_ledgerentry e LEFT JOIN credit_requests_creditrequest r ON r.id = e.credit_request_id
        WHERE e.type = 'credit_increase' AND (r.status, r.entry_id, r.seller_id, r.amount)
              IS DISTINCT FROM ('approved', e.id, e.seller_id, e.amount)""",
    "an approved request without its credit": """
        SELECT FROM credit_requests_creditrequest r LEFT JOIN transactions_ledgerentry e ON e.id = r.entry_id
        WHERE r.status = 'approved' AND e.credit_request_id IS DISTINCT FROM r.id""",
    "a reversal that mirrors nothing": """
        SELECT FROM transactions_ledgerentry r LEFT JOIN transactions_ledgerentry o ON o.id = r.reverses_id
        WHERE r.type = 'reversal' AND (o.seller_id, o.amount, o.debit_account, o.credit_account)
              IS DISTINCT FROM (r.seller_id, r.amount, r.credit_account, r.debit_account)""",
    "an entry of nobody": """
        SELECT FROM transactions_ledgerentry e LEFT JOIN accounts_user u ON u.id = e.created_by_id
        LEFT JOIN accounts_seller s ON s.id = e.seller_id WHERE u.id IS NULL OR s.id IS NULL""",
    "a wallet that is not at its newest entry": """
        SELECT FROM transactions_wallet w LEFT JOIN transactions_ledgerentry e
        ON e.seller_id = w.seller_id AND e.sequence = w.sequence
        WHERE w.sequence > 0 AND (e.balance_after, e.created_at) IS DISTINCT FROM (w.balance, w.last_entry_at)""",
    "an entry that is not later than the one before": """
        SELECT FROM (SELECT created_at, id, lag(created_at) OVER chain AS earlier, lag(id) OVER chain AS earlier_id
                     FROM transactions_ledgerentry WINDOW chain AS (PARTITION BY seller_id ORDER BY sequence)) e
        WHERE created_at <= earlier OR id <= earlier_id""",
    "a day's spending that the day's sales do not make": """
        SELECT FROM transactions_wallet w WHERE spent_on IS NOT NULL AND spent_today <> (
            SELECT coalesce(sum(amount) FILTER (WHERE type = 'charge_sale' AND NOT EXISTS (
                SELECT FROM transactions_ledgerentry r WHERE r.reverses_id = e.id)), 0)
            FROM transactions_ledgerentry e WHERE e.seller_id = w.seller_id
            AND (e.created_at AT TIME ZONE 'Asia/Tehran')::date = w.spent_on)""",
}


@pytest.fixture
def superuser() -> Iterator[Connection]:
    with open_database(database_login("superuser", connection.settings_dict["NAME"])) as database:
        yield database


@pytest.fixture
def accounts(transactional_db: None, superuser: Connection) -> list[Account]:
    return load(superuser, PLAN)


def test_made_up_data_breaks_no_rule(accounts: list[Account], superuser: Connection) -> None:
    verdict = reconcile_all()
    assert verdict.is_reconciled
    assert verdict.sellers_checked == PLAN.sellers
    assert LedgerEntry.objects.count() == PLAN.entries
    assert not Verification(checkpoints={}).run().problems
    with superuser.cursor() as cursor:
        for rule, query in BROKEN.items():
            cursor.execute(query)
            assert cursor.rowcount == 0, rule


def test_made_up_data_looks_like_a_platforms(accounts: list[Account]) -> None:
    sequences = list(Wallet.objects.order_by("-sequence").values_list("sequence", flat=True))
    assert sequences[0] == accounts[0].sequence > 3 * sequences[9]
    sales = LedgerEntry.objects.filter(type=EntryType.CHARGE_SALE)
    assert sales.values("phone_number").distinct().count() < sales.count() / 2
    assert set(LedgerEntry.objects.values_list("type", flat=True)) == set(EntryType.values)


def test_data_can_be_added_to_data(accounts: list[Account], superuser: Connection) -> None:
    load(superuser, DataPlan(sellers=3, entries=100, until=datetime(2026, 2, 1, tzinfo=UTC)))
    assert reconcile_all().is_reconciled
    assert LedgerEntry.objects.count() == PLAN.entries + 100
