"""Forgeries by a superuser in the ledger of a seller with five entries."""

from apps.accounts.models import Seller
from apps.testing.tampering import change_by_hand, superuser_without_triggers

ENTRY = "transactions_ledgerentry"
# The row of a shard of Citus has a type of its own, so the table's is made of it.
_HASH = f"""
SELECT ledger_hash(
    coalesce(p.entry_hash, decode(repeat('00', 32), 'hex')), jsonb_populate_record(NULL::{ENTRY}, to_jsonb(e)))
FROM {ENTRY} e LEFT JOIN {ENTRY} p ON p.seller_id = e.seller_id AND p.sequence = e.sequence - 1
WHERE e.seller_id = %s AND e.sequence = %s"""


def change_amount(seller: Seller, sequence: int = 3) -> None:
    change_by_hand(
        f"UPDATE {ENTRY} SET amount = 9, balance_after = balance_before - 9 WHERE seller_id = %s AND sequence = %s",
        seller.pk, sequence,
    )  # fmt: skip


def change_phone_number(seller: Seller) -> None:
    change_by_hand(
        f"UPDATE {ENTRY} SET phone_number = '+989120000000' WHERE seller_id = %s AND sequence = 3", seller.pk
    )


def delete_entry(seller: Seller, sequence: int) -> None:
    change_by_hand(f"DELETE FROM {ENTRY} WHERE seller_id = %s AND sequence = %s", seller.pk, sequence)


def swap_entries(seller: Seller) -> None:
    for source, target in ((3, 99), (4, 3), (99, 4)):
        change_by_hand(
            f"UPDATE {ENTRY} SET sequence = %s WHERE seller_id = %s AND sequence = %s", target, seller.pk, source
        )


def set_wallet(seller: Seller, balance: str, sequence: int) -> None:
    moment = seller.entries.filter(sequence=sequence).values_list("created_at", flat=True).first()
    with superuser_without_triggers() as statement:
        statement.execute(
            "UPDATE transactions_wallet SET balance = %s, sequence = %s, last_entry_at = %s WHERE seller_id = %s",
            [balance, sequence, moment, str(seller.pk)],
        )


def rewrite_history(seller: Seller) -> None:
    """Make entry 3 smaller and everything after it fit: balances, hashes and the wallet."""
    change_amount(seller)
    for sequence in (4, 5):
        change_by_hand(
            f"UPDATE {ENTRY} SET balance_before = balance_before + 1, balance_after = balance_after + 1 "
            "WHERE seller_id = %s AND sequence = %s",
            seller.pk, sequence,
        )  # fmt: skip
    set_wallet(seller, "61.00", 5)
    for sequence in (3, 4, 5):
        _rehash(seller, sequence)


def date_newest(seller: Seller, moment: object) -> None:
    """Date the newest entry, with its hash, and the wallet."""
    sequence = seller.entries.count()
    change_by_hand(
        f"UPDATE {ENTRY} SET created_at = %s WHERE seller_id = %s AND sequence = %s", moment, seller.pk, sequence
    )
    _rehash(seller, sequence)
    change_by_hand("UPDATE transactions_wallet SET last_entry_at = %s WHERE seller_id = %s", moment, seller.pk)


def _rehash(seller: Seller, sequence: int) -> None:
    """Give an entry the hash of what it says now."""
    with superuser_without_triggers() as statement:
        statement.execute(_HASH, [str(seller.pk), sequence])
        [entry_hash] = statement.fetchone() or []
        statement.execute(
            f"UPDATE {ENTRY} SET entry_hash = %s WHERE seller_id = %s AND sequence = %s",
            [entry_hash, str(seller.pk), sequence],
        )
