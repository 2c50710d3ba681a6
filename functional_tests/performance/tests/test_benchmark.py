"""The benchmark's footing: made-up data that keeps the ledger's rules, and a check of the books that can fail."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection
from psycopg2.extensions import connection as Connection

from apps.core.database.logins import database_login
from apps.core.database.roles import open_database
from apps.transactions.models import EntryType, LedgerEntry
from apps.transactions.reconciliation.reconcile import reconcile_all
from apps.transactions.reconciliation.verification import Verification
from functional_tests.performance.benchmark.books import check_books, count_entries
from functional_tests.performance.benchmark.cases import HISTORY, Case
from functional_tests.performance.benchmark.drive import CONNECTIONS, Drive
from functional_tests.performance.benchmark.generator import DataPlan
from functional_tests.performance.benchmark.gunicorn_server import Server
from functional_tests.performance.benchmark.loader import load
from functional_tests.performance.benchmark.pages import deep_page
from functional_tests.performance.benchmark.sites import Site
from functional_tests.performance.errors import UnexpectedAnswer

PLAN = DataPlan(sellers=20, entries=3_000, until=datetime(2026, 1, 1, tzinfo=UTC), days=30)

# Rules of the triggers that the load switches off, each as a query that finds what breaks it.
BROKEN = {
    "a credit without its approved request": """
        SELECT FROM transactions_ledgerentry e LEFT JOIN credit_requests_creditrequest r ON r.id = e.credit_request_id
        WHERE e.type = 'credit_increase' AND (r.status, r.entry_id, r.seller_id, r.amount)
              IS DISTINCT FROM ('approved', e.id, e.seller_id, e.amount)""",
    "a reversal that mirrors nothing": """
        SELECT FROM transactions_ledgerentry r LEFT JOIN transactions_ledgerentry o ON o.id = r.reverses_id
        WHERE r.type = 'reversal' AND (o.seller_id, o.amount, o.debit_account, o.credit_account)
              IS DISTINCT FROM (r.seller_id, r.amount, r.credit_account, r.debit_account)""",
    "an entry without its user or its seller": """
        SELECT FROM transactions_ledgerentry e LEFT JOIN accounts_user u ON u.id = e.created_by_id
        LEFT JOIN accounts_seller s ON s.id = e.seller_id WHERE u.id IS NULL OR s.id IS NULL""",
    "a day's spending that the day's sales do not make": """
        SELECT FROM transactions_wallet w WHERE spent_on IS NOT NULL AND spent_today <> (
            SELECT coalesce(sum(amount) FILTER (WHERE type = 'charge_sale' AND NOT EXISTS (
                SELECT FROM transactions_ledgerentry r WHERE r.reverses_id = e.id)), 0)
            FROM transactions_ledgerentry e WHERE e.seller_id = w.seller_id
            AND (e.created_at AT TIME ZONE 'Asia/Tehran')::date = w.spent_on)""",
}


@pytest.fixture
def superuser(transactional_db: None) -> Iterator[Connection]:
    with open_database(database_login("superuser", connection.settings_dict["NAME"])) as database:
        yield database


def test_made_up_data_breaks_no_rule(superuser: Connection) -> None:
    largest, *_ = load(superuser, PLAN)
    assert reconcile_all().is_reconciled
    assert not Verification().run().problems
    assert LedgerEntry.objects.count() == PLAN.entries
    assert set(LedgerEntry.objects.values_list("type", flat=True)) == set(EntryType.values)
    assert deep_page(HISTORY, largest.seller_id, 3)[1] == 3
    with superuser.cursor() as cursor:
        for rule, query in BROKEN.items():
            cursor.execute(query)
            assert cursor.rowcount == 0, rule


def test_books_that_do_not_agree_fail_a_case(superuser: Connection) -> None:
    load(superuser, PLAN)
    case = Case("case", "a case", Site(Server(port=1, pid=1)), _never, charges_per_request=1.0, most_charges=1)
    answered = Drive(requests=10, seconds=1.0, p50_ms=1.0, p95_ms=1.0, p99_ms=1.0)
    assert count_entries() == PLAN.entries
    check_books(case, answered, entries=10 + CONNECTIONS)  # as many may have been under way at the end
    for entries in (9, 11 + CONNECTIONS):
        with pytest.raises(UnexpectedAnswer, match="10 charges were answered"):
            check_books(case, answered, entries)
    with superuser.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; UPDATE transactions_wallet SET balance = balance + 1")
    with pytest.raises(UnexpectedAnswer, match="do not agree"):
        check_books(case, answered, entries=10)


def _never(*, seconds: int, run: int) -> Drive:
    raise AssertionError
