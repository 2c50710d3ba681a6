"""Limits of logins, registrations and requests, and quotas of sellers; 0 is unlimited."""

from decimal import Decimal

from . import checked
from .environment import env

# Logins and registrations are counted by the client's address, failed logins by account and address.
LOGINS_PER_MINUTE: int = env.int("LOGINS_PER_MINUTE", default=1_000)
LOGIN_FAILURES_PER_ACCOUNT: int = env.int("LOGIN_FAILURES_PER_ACCOUNT", default=20)
LOGIN_FAILURES_WINDOW_SECONDS: int = env.int("LOGIN_FAILURES_WINDOW_SECONDS", default=900)
REGISTRATIONS_PER_HOUR: int = env.int("REGISTRATIONS_PER_HOUR", default=2_000)
# Of users of sellers, at calls that may tell whether a username or an email is in use: by user, and by address.
ACCOUNT_CHANGES_PER_HOUR: int = env.int("ACCOUNT_CHANGES_PER_HOUR", default=60)
ACCOUNT_CHANGES_PER_HOUR_PER_ADDRESS: int = env.int("ACCOUNT_CHANGES_PER_HOUR_PER_ADDRESS", default=240)
# From all addresses together, except those from which the account has logged in before.
LOGIN_FAILURES_PER_ACCOUNT_EVERYWHERE: int = env.int("LOGIN_FAILURES_PER_ACCOUNT_EVERYWHERE", default=100)
# Of one seller. They switch limits on; a seller's own limit replaces them.
RATE_LIMIT_CHARGES_PER_MINUTE: int = env.int("RATE_LIMIT_CHARGES_PER_MINUTE", default=0)
RATE_LIMIT_REQUESTS_PER_MINUTE: int = env.int("RATE_LIMIT_REQUESTS_PER_MINUTE", default=0)

# Quotas: users of a seller (its owner included), its API clients, and its credit requests without a decision.
SELLER_USERS: int = checked.quota("SELLER_USERS", env.str("SELLER_USERS", default="200"))
SELLER_API_CLIENTS: int = checked.quota("SELLER_API_CLIENTS", env.str("SELLER_API_CLIENTS", default="20"))
SELLER_OPEN_REQUESTS: int = checked.quota("SELLER_OPEN_REQUESTS", env.str("SELLER_OPEN_REQUESTS", default="100"))
# Of a seller that registered itself and is not verified yet: its users and, apart from them, its API clients; the last:
# new users, clients and credit requests together.
PENDING_SELLER_USERS: int = checked.quota("PENDING_SELLER_USERS", env.str("PENDING_SELLER_USERS", default="3"))
PENDING_SELLER_OPEN_REQUESTS: int = checked.quota(
    "PENDING_SELLER_OPEN_REQUESTS", env.str("PENDING_SELLER_OPEN_REQUESTS", default="3")
)
PENDING_SELLER_ADDITIONS_PER_HOUR: int = checked.quota(
    "PENDING_SELLER_ADDITIONS_PER_HOUR", env.str("PENDING_SELLER_ADDITIONS_PER_HOUR", default="20")
)
# The largest amount of one credit request; empty: the largest that the ledger takes.
CREDIT_REQUEST_MAX_AMOUNT: Decimal | None = checked.optional_amount(
    "CREDIT_REQUEST_MAX_AMOUNT", env.str("CREDIT_REQUEST_MAX_AMOUNT", default="100000000000.00")
)

# Open event streams of one seller, and of one process of `manage.py event_stream`.
EVENT_STREAMS_PER_SELLER: int = env.int("EVENT_STREAMS_PER_SELLER", default=10)
EVENT_STREAMS_PER_PROCESS: int = env.int("EVENT_STREAMS_PER_PROCESS", default=5_000)
