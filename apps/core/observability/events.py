"""Events of the domain as log lines and counters. The domain calls these functions; they never fail it."""

import logging
from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from apps.core.observability import metrics

_transactions = logging.getLogger("sharj.transactions")
_security = logging.getLogger("sharj.security")


class Entry(Protocol):
    """The logged fields of a ledger entry (`apps.transactions.models.LedgerEntry`)."""

    @property
    def pk(self) -> UUID: ...

    type: str
    seller_id: UUID
    sequence: int
    amount: Decimal
    balance_before: Decimal
    balance_after: Decimal
    created_by_id: UUID


def balances_changed(entries: Iterable[Entry]) -> None:
    """Count and log committed ledger entries. Call it with `transaction.on_commit(..., robust=True)`."""
    logged = _transactions.isEnabledFor(logging.INFO)
    for entry in entries:
        metrics.count_entry(entry.type, float(entry.amount))
        if logged:
            fields = {
                "type": entry.type,
                "seller": entry.seller_id,
                "user": entry.created_by_id,
                "entry": entry.pk,
                "sequence": entry.sequence,
                "amount": entry.amount,
                "balance_before": entry.balance_before,
                "balance_after": entry.balance_after,
            }
            _transactions.info("balance changed", extra={"fields": fields})


def balance_restored(seller_id: UUID, **fields: object) -> None:
    """Log that a balance which differed from its ledger was set to the ledger's."""
    _transactions.warning("balance restored", extra={"fields": {"seller": seller_id, **fields}})
    security_warning("balance_restored", seller=seller_id, **fields)


def security(event: str, **fields: object) -> None:
    """Log an access, a refusal or a change of rights."""
    _security.info(event, extra={"fields": fields})


def security_warning(event: str, **fields: object) -> None:
    """Log a possible attack, or a change made with far-reaching rights."""
    _security.warning(event, extra={"fields": fields})
