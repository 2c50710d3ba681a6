"""What is to be posted: an amount, the two legs it moves between, and what it does to a balance."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from apps.core.values.money import ZERO
from apps.transactions.models import FUNDING_ACCOUNT, SALES_ACCOUNT, EntryType, LedgerEntry, wallet_account


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """An entry to be. `change` and `spending` are signed: what the balance and the day's spending grow by."""

    type: EntryType
    amount: Decimal
    change: Decimal
    debit_account: str
    credit_account: str
    spending: Decimal = ZERO
    phone_number: str = ""
    idempotency_key: str = ""
    credit_request_id: UUID | None = None
    reverses_id: UUID | None = None
    description: str = ""


def charge(*, seller_id: UUID, amount: Decimal, phone_number: str, idempotency_key: str = "") -> Posting:
    """Return the posting of a sale to `phone_number`: it takes `amount` from the wallet."""
    return Posting(
        type=EntryType.CHARGE_SALE,
        amount=amount,
        change=-amount,
        spending=amount,
        debit_account=wallet_account(seller_id),
        credit_account=SALES_ACCOUNT,
        phone_number=phone_number,
        idempotency_key=idempotency_key,
    )


def credit(*, seller_id: UUID, amount: Decimal, credit_request_id: UUID, description: str) -> Posting:
    """Return the posting of an approved credit request: it adds `amount` to the wallet."""
    return Posting(
        type=EntryType.CREDIT_INCREASE,
        amount=amount,
        change=amount,
        debit_account=FUNDING_ACCOUNT,
        credit_account=wallet_account(seller_id),
        credit_request_id=credit_request_id,
        description=description,
    )


def reversal(entry: LedgerEntry, *, reason: str, sold_today: bool) -> Posting:
    """Return the mirror of `entry`: same amount, legs swapped. A sale of today no longer counts as spent today."""
    change = entry.balance_before - entry.balance_after
    return Posting(
        type=EntryType.REVERSAL,
        amount=entry.amount,
        change=change,
        spending=-entry.amount if sold_today else ZERO,
        debit_account=entry.credit_account,
        credit_account=entry.debit_account,
        reverses_id=entry.pk,
        description=reason,
    )
