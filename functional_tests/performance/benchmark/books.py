"""Check of the books after a case: wallets, ledger and answers agree."""

from django.db import connection

from apps.transactions.reconciliation.reconcile import has_broken_links, iterate_reconciliations, trial_balance
from functional_tests.performance.benchmark.cases import Case
from functional_tests.performance.benchmark.drive import CONNECTIONS, Drive
from functional_tests.performance.errors import UnexpectedAnswer


def count_entries() -> int:
    """Return how many entries the wallets have counted; `check_books` compares that with the ledger."""
    return _one_number("SELECT coalesce(sum(sequence), 0) FROM transactions_wallet")


def check_books(case: Case, drive: Drive, entries: int) -> None:
    """Raise `UnexpectedAnswer` unless wallets, ledger and answers agree.

    `entries` were added. Up to `CONNECTIONS` requests were under way when the load generator stopped: their charges
    may have been made although their answers were not read.
    """
    answered = drive.requests * case.charges_per_request
    unheard = entries - answered
    # Replays are of one charge, which the first of them makes.
    slack = case.most_charges * (CONNECTIONS if case.charges_per_request else 1)
    # In a mix the share of charges among the answered requests is the planned one only nearly.
    least = 0 if float(case.charges_per_request).is_integer() else -slack
    if not least <= unheard <= slack:
        raise UnexpectedAnswer(f"{case.name}: {answered:,.0f} charges were answered, {entries:,} are in the ledger")
    different = [found.seller_id for found in iterate_reconciliations() if not found.is_reconciled]
    if different or sum(trial_balance().values()):
        raise UnexpectedAnswer(f"{case.name}: the books of {len(different)} sellers do not agree: {different[:3]}")


def check_chain() -> None:
    """Raise `UnexpectedAnswer` unless every entry follows the one before it and is what was hashed. Reads it all."""
    if has_broken_links():
        raise UnexpectedAnswer("an entry does not follow the one before it, or was changed")


def hot_update_share() -> float:
    """Return the share of the wallets' updates so far that touched no index."""
    hot = _one_number("SELECT n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'transactions_wallet'")
    updates = _one_number("SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'transactions_wallet'")
    return hot / updates if updates else 1.0


def _one_number(query: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return int(cursor.fetchone()[0])
