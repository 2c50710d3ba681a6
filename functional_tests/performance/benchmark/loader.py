"""Loader of made-up data: COPY as a superuser, with all triggers off, so the data must keep their rules unaided."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db.models import Model
from psycopg2.extensions import connection
from psycopg2.sql import SQL, Identifier

from apps.accounts import audit
from apps.accounts.models import AuditAction, Seller, User
from apps.accounts.roles import SellerRole
from apps.core.values.ids import uuid7
from apps.credit_requests.models import CreditRequest
from apps.transactions.models import LedgerEntry, Wallet
from functional_tests.performance.benchmark.generator import ENTRY_COLUMNS, NULL, Account, Batch, DataPlan, History

LIMITED_EVERY = 10  # every tenth seller has a daily limit
DAILY_LIMIT = "900000000000.00"


@dataclass(frozen=True, slots=True)
class Target:
    """A table, the columns that its rows give, and those that have the same value in every row."""

    model: type[Model]
    columns: tuple[str, ...]
    constants: Mapping[str, str] = field(default_factory=dict)

    @property
    def table(self) -> Identifier:
        """The table's name, quoted."""
        return Identifier(self.model._meta.db_table)

    def copy(self, superuser: connection, rows: Iterable[str]) -> None:
        """Add `rows`, each a line of COPY's text format."""
        columns = SQL(", ").join(map(Identifier, (*self.columns, *self.constants)))
        end = "".join(f"\t{value}" for value in self.constants.values()) + "\n"
        with superuser.cursor() as cursor:
            statement = SQL("COPY {} ({}) FROM STDIN").format(self.table, columns).as_string(superuser)
            cursor.copy_expert(statement, io.StringIO("".join(row + end for row in rows)))


SELLERS = Target(
    Seller,
    ("id", "company_name", "email", "daily_limit", "created_at"),
    {"status": Seller.Status.ACTIVE.value, "phone_number": ""},
)
USERS = Target(
    User,
    ("id", "username", "seller_id", "seller_role", "is_staff", "date_joined", "password"),
    {"email": "", "first_name": "", "last_name": "", "is_superuser": "f", "is_active": "t"},
)
WALLETS = Target(Wallet, ("seller_id", "balance", "sequence", "last_entry_at", "spent_on", "spent_today"))
ENTRIES = Target(LedgerEntry, ENTRY_COLUMNS)
REQUESTS = Target(
    CreditRequest,
    ("id", "seller_id", "amount", "requested_by_id", "requested_at", "processed_at", "processed_by_id", "entry_id"),
    {"status": CreditRequest.Status.APPROVED.value, "note": "", "idempotency_key": "", "rejection_reason": ""},
)


def load(superuser: connection, plan: DataPlan, report: Callable[[int], None] = lambda entries: None) -> list[Account]:
    """Add the data of `plan`, all of it or nothing, and return its sellers, the most popular first.

    `report` is told how many entries are in.
    """
    approver_id = uuid7()
    history = History(plan, approver_id, ZoneInfo(settings.BUSINESS_TIME_ZONE))
    superuser.autocommit = False
    with superuser:
        with superuser.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
        since = plan.since.isoformat()
        SELLERS.copy(superuser, (_seller_row(*numbered, since) for numbered in enumerate(history.accounts, 1)))
        USERS.copy(superuser, _user_rows(history.accounts, str(approver_id), since))
        _copy_entries(superuser, history, report)
        WALLETS.copy(superuser, map(_wallet_row, history.accounts))
    superuser.autocommit = True
    audit.record(AuditAction.LOAD_HISTORY, actor_id=None, detail=f"made up for a benchmark: {plan.entries:,} entries")
    with superuser.cursor() as cursor:
        for target in (SELLERS, USERS, WALLETS, ENTRIES, REQUESTS):
            cursor.execute(SQL("VACUUM (ANALYZE) {}").format(target.table))
        cursor.execute("CHECKPOINT")  # else what is measured next pays for writing this to disk
    return history.accounts


def _copy_entries(superuser: connection, history: History, report: Callable[[int], None]) -> None:
    """Copy batch by batch; the next one is made up while PostgreSQL takes the last one."""
    done, under_way = 0, Future[int]()
    under_way.set_result(0)
    with ThreadPoolExecutor(max_workers=1) as executor:
        for batch in history.batches():
            done += under_way.result()
            report(done)
            under_way = executor.submit(_copy_batch, superuser, batch)
        report(done + under_way.result())


def _copy_batch(superuser: connection, batch: Batch) -> int:
    ENTRIES.copy(superuser, batch.entries)
    REQUESTS.copy(superuser, batch.credit_requests)
    return len(batch.entries)


def _seller_row(number: int, account: Account, since: str) -> str:
    # Companies of several runs may stand side by side, and emails are unique.
    email = f"seller-{account.seller_id}@example.com"
    daily_limit = DAILY_LIMIT if number % LIMITED_EVERY == 0 else NULL
    return "\t".join((str(account.seller_id), f"Seller {number:05d}", email, daily_limit, since))


def _user_rows(accounts: Iterable[Account], approver_id: str, since: str) -> Iterator[str]:
    """Yield the approver of all credits, and the owner of each seller; none of them can log in with a password."""
    password = make_password(None)
    yield "\t".join((approver_id, f"approver-{approver_id}", NULL, "", "t", since, password))
    role = SellerRole.OWNER.value
    for account in accounts:
        owner = str(account.owner_id)
        yield "\t".join((owner, f"owner-{owner}", str(account.seller_id), role, "f", since, password))


def _wallet_row(account: Account) -> str:
    values = (account.seller_id, account.balance, account.sequence, account.last_entry_at)
    return "\t".join(map(str, (*values, account.spent_on or NULL, account.spent_today)))
