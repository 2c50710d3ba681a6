"""Postings: an entry to be with the two accounts it moves an amount between, and its effect on a wallet."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from apps.core.values.money import ZERO
from apps.transactions.models import FUNDING_ACCOUNT, SALES_ACCOUNT, EntryType, LedgerEntry, wallet_account


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A charge to sell: one item of a batch."""

    phone_number: str  # E.164
    amount: Decimal
    idempotency_key: str = ""
    operator: str = ""  # the code that the caller names; empty: by the phone number


@dataclass(frozen=True, slots=True)
class Posting:
    """An entry without its place in the ledger, and what it adds to the balance and to the spending of the day."""

    entry: LedgerEntry
    change: Decimal
    spending: Decimal = ZERO


def charge(seller_id: UUID, order: Order, *, operator: str = "", price: Decimal | None = None) -> Posting:
    """Return the posting of a sale, which `operator` delivers: it takes the price (else the amount) from the wallet."""
    price = order.amount if price is None else price
    entry = LedgerEntry(
        type=EntryType.CHARGE_SALE.value,
        amount=price,
        face_value=None if price == order.amount else order.amount,
        debit_account=wallet_account(seller_id),
        credit_account=SALES_ACCOUNT,
        phone_number=order.phone_number,
        idempotency_key=order.idempotency_key,
        operator=operator,
    )
    return Posting(entry, change=-price, spending=price)


def credit(seller_id: UUID, amount: Decimal, *, credit_request_id: UUID, description: str) -> Posting:
    """Return the posting of an approved credit request: it adds `amount` to the wallet."""
    entry = LedgerEntry(
        type=EntryType.CREDIT_INCREASE.value,
        amount=amount,
        debit_account=FUNDING_ACCOUNT,
        credit_account=wallet_account(seller_id),
        credit_request_id=credit_request_id,
        description=description,
    )
    return Posting(entry, change=amount)


def reversal(entry: LedgerEntry, *, reason: str, sold_today: bool) -> Posting:
    """Return the mirror of `entry`: same amount, legs swapped. A sale of today no longer counts as spent today."""
    mirror = LedgerEntry(
        type=EntryType.REVERSAL.value,
        amount=entry.amount,
        debit_account=entry.credit_account,
        credit_account=entry.debit_account,
        reverses_id=entry.pk,
        description=reason,
    )
    change = entry.balance_before - entry.balance_after
    return Posting(mirror, change, spending=-entry.amount if sold_today else ZERO)
