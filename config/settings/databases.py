"""The connections to PostgreSQL: the primary, and its standby if DATABASE_REPLICA_HOST names one."""

import sys
from importlib import import_module
from typing import Any

import environ

from apps.core.database.logins import database_login, replica_login

# All models that are ever read from the standby; apps/core/database/replica.py refuses any other. Sellers are included
# for the names in lists; wallets, users, sessions and rows read to be changed are not.
REPLICA_MODELS = (
    "accounts.Seller",
    "transactions.LedgerEntry",
    "transactions.DailyTotal",
    "transactions.HourlyTotal",
    "transactions.SummaryMark",
    "credit_requests.CreditRequest",
    "delivery.Delivery",  # shown with each sale
)
# A migration that cannot get its lock gives up, to be run again: queries that come after it wait behind it.
_OWNER_TIMEOUTS = {"lock_timeout": 5_000}


def keep_psycopg2() -> None:
    """Let Django load psycopg2 where psycopg 3, which it would prefer, is installed too: the queue's worker brings it.

    The money path is written for psycopg2 and measured with it (ADR 25). Django decides when its backend is loaded.
    """
    if "django.db.backends.postgresql.psycopg_any" in sys.modules:
        return  # decided already, as in mypy, which talks to no database
    former = sys.modules.get("psycopg")
    sys.modules["psycopg"] = None  # type: ignore[assignment]  # makes `import psycopg` fail
    import_module("django.db.backends.postgresql.base")
    del sys.modules["psycopg"]
    if former:
        sys.modules["psycopg"] = former


keep_psycopg2()


def configure_databases(env: environ.Env, role: str) -> dict[str, dict[str, Any]]:
    """Return DATABASES for a process that logs in as `role`."""
    options = _options(env, role)
    # A frozen server does not end statements itself: `apps.core.database.backend.watchdog` waits a little longer.
    statement_seconds = _timeouts(env)["statement_timeout"] / 1000
    patience = statement_seconds + 2 if statement_seconds and role != "owner" else None
    databases: dict[str, dict[str, Any]] = {
        "default": {**_COMMON, **database_login(role), "OPTIONS": options, "ANSWER_TIMEOUT_SECONDS": patience}
    }
    if host := env.str("DATABASE_REPLICA_HOST", default=""):
        # It may vanish silently, and waiting for it is pointless: the primary has the same data.
        options = {**options, "connect_timeout": 2, "tcp_user_timeout": 5_000, "keepalives_idle": 5}
        login = replica_login(database_login(role), host)
        databases["replica"] = {
            **databases["default"], **login, "OPTIONS": options, "TEST": {"MIRROR": "default"},
        }  # fmt: skip
    return databases


_COMMON: dict[str, Any] = {
    "ENGINE": "apps.core.database.backend",
    "CONN_MAX_AGE": None,
    "CONN_HEALTH_CHECKS": True,
    "DISABLE_SERVER_SIDE_CURSORS": True,
    # No lock is held while an answer is rendered: services open their own short transactions.
    "ATOMIC_REQUESTS": False,
}


def _options(env: environ.Env, role: str) -> dict[str, Any]:
    """Return libpq options; behind PgBouncer the timeouts are set on the role instead (`manage.py db roles`)."""
    options: dict[str, Any] = {"connect_timeout": 3, "application_name": f"sharj-{role}"}
    if env.str("DATABASE_POOL_MODE", default="session") == "session":
        timeouts = _OWNER_TIMEOUTS if role == "owner" else _timeouts(env)
        options["options"] = " ".join(f"-c {name}={value}" for name, value in timeouts.items())
    return options


def _timeouts(env: environ.Env) -> dict[str, int]:
    """Return milliseconds. A request that cannot get its row lock or its answer in time is told to come back (503)."""
    return {
        "lock_timeout": env.int("DATABASE_LOCK_TIMEOUT_MS", default=2_000),
        "statement_timeout": env.int("DATABASE_STATEMENT_TIMEOUT_MS", default=5_000),
        "idle_in_transaction_session_timeout": 10_000,
        "client_connection_check_interval": 1_000,
    }
