"""Rate limits of logins, registrations and requests; 0 is unlimited."""

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
