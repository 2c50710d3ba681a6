"""Tables of money: the ledger and its wallets, the totals derived from them, and the verdicts of reconciliations."""

from apps.transactions.models.ledger import (
    FUNDING_ACCOUNT,
    SALES_ACCOUNT,
    WALLET_ACCOUNT_PREFIX,
    DailyTotal,
    EntryType,
    HourlyTotal,
    LedgerEntry,
    ReconciliationCheckpoint,
    ReconciliationRun,
    RefusalCount,
    SummaryMark,
    Wallet,
    wallet_account,
)

__all__ = (
    "FUNDING_ACCOUNT",
    "SALES_ACCOUNT",
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
