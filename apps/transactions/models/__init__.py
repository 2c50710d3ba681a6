"""Tables of money: the ledger and its wallets, sums over the ledger, and verdicts of reconciliations."""

from apps.transactions.models.ledger import (
    DELIVERY_STATUSES,
    FUNDING_ACCOUNT,
    SALES_ACCOUNT,
    SETTLED_DELIVERIES,
    WALLET_ACCOUNT_PREFIX,
    EntryType,
    LedgerEntry,
    Wallet,
    wallet_account,
)
from apps.transactions.models.reconciliation import ReconciliationCheckpoint, ReconciliationRun
from apps.transactions.models.totals import DailyTotal, HourlyTotal, RefusalCount, SummaryMark

__all__ = (
    "DELIVERY_STATUSES",
    "FUNDING_ACCOUNT",
    "SALES_ACCOUNT",
    "SETTLED_DELIVERIES",
    "WALLET_ACCOUNT_PREFIX",
    "DailyTotal",
    "EntryType",
    "HourlyTotal",
    "LedgerEntry",
    "ReconciliationCheckpoint",
    "ReconciliationRun",
    "RefusalCount",
    "SummaryMark",
    "Wallet",
    "wallet_account",
)
