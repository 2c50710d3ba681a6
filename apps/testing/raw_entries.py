"""Ledger entries by raw SQL, as one writes them who has a password of the database and not the application."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from apps.accounts.models import Seller
from apps.core.values.ids import uuid7_at
from apps.testing.constraints import Row, columns_of, insert_row
from apps.transactions.models import LedgerEntry

TICK = timedelta(milliseconds=2)


def entry(seller: Seller, sequence: int) -> LedgerEntry:
    return LedgerEntry.objects.get(seller=seller, sequence=sequence)


def next_sale(seller: Seller, **changes: object) -> Row:
    """Return the columns of a sale of 1.00 that could be the seller's next entry, with `changes`."""
    newest = LedgerEntry.objects.filter(seller=seller).latest("sequence")
    sale = LedgerEntry.objects.filter(seller=seller, type="charge_sale").latest("sequence")
    moment = newest.created_at + TICK
    return columns_of(sale) | {
        "id": uuid7_at(moment),
        "sequence": newest.sequence + 1,
        "amount": Decimal(1),
        "balance_before": newest.balance_after,
        "balance_after": newest.balance_after - 1,
        "idempotency_key": "",
        "created_at": moment,
        **changes,
    }


def post(cursor: Any, row: Row) -> None:
    """Insert an entry and move its wallet with it."""
    insert_row(cursor, LedgerEntry, row)
    cursor.execute(
        "UPDATE transactions_wallet SET balance = %s, sequence = %s, last_entry_at = %s WHERE seller_id = %s",
        [row["balance_after"], row["sequence"], row["created_at"], row["seller_id"]],
    )
