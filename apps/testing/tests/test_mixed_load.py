"""Random operations of several processes on a few wallets: no deadlock, and every invariant holds after them.

MIXED_OPERATIONS=10000 does more; MIXED_SEED does others.
"""

import os
import sys
from collections import Counter

import pytest
from django.db import connection

from apps.testing.factories import claims_of, make_seller, make_staff, owner_of
from apps.testing.invariants import assert_ledger_consistent
from apps.testing.races import race_processes
from apps.testing.tests.people_at_work import work
from apps.transactions.models import LedgerEntry
from apps.transactions.reconciliation.verification import Verification

OPERATIONS = int(os.environ.get("MIXED_OPERATIONS", "2000"))
SEED = int(os.environ.get("MIXED_SEED", "1"))
PROCESSES, SELLERS = 4, 5

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300 + OPERATIONS // 10)]


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush(); SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def test_mixed_operations_of_several_processes_end_well() -> None:
    claims = [claims_of(owner_of(make_seller(balance="200.00"))) for _ in range(SELLERS)]
    before = deadlocks()

    results = race_processes(
        work, [(SEED + each, claims, make_staff("admin").pk, OPERATIONS // PROCESSES) for each in range(PROCESSES)]
    )

    ended = sum(results, Counter())
    sys.stdout.write(f"{dict(sorted(ended.items()))}, {LedgerEntry.objects.count()} entries\n")
    assert ended.total() == OPERATIONS // PROCESSES * PROCESSES
    assert not [end for end in ended if end.endswith("Error")]
    assert {"charge: ok", "decide: ok", "reverse: ok", "change_status: ok", "charge: insufficient_balance"} <= set(
        ended
    )
    assert deadlocks() == before
    assert_ledger_consistent()
    assert Verification().run().problems == []
