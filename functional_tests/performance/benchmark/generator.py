"""Made-up history of a platform: credits, sales and reversals of many sellers, as rows for COPY.

All of it follows from a seed. Memory grows with the sellers, not with the entries.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.core.values.ids import uuid7_at
from apps.core.values.money import ZERO
from apps.transactions.ledger import postings
from apps.transactions.ledger.chain import NO_HASH, Row, hash_entry
from apps.transactions.ledger.postings import Order, Posting
from apps.transactions.models import LedgerEntry

NULL = r"\N"
ENTRY_COLUMNS = Row._fields[: Row._fields.index("reversed")]  # the rest is not the table's, or empty
BATCH_ROWS = 20_000
AMOUNTS = tuple(Decimal(f"{thousands}000.00") for thousands in (10, 20, 50, 100, 200, 500))
CREDIT_UNIT = Decimal("100000.00")
CREDIT_UNITS = (20, 200)
REVERSED_SHARE = 0.005
SALES_PER_NUMBER = 8
ID_RANDOM_BITS = 62
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DataPlan:
    """Extent of the made-up data. The entries end before `until` and go back `days`."""

    sellers: int
    entries: int
    until: datetime
    days: int = 365
    seed: int = 1

    @property
    def since(self) -> datetime:
        """Moment of the first entry."""
        return self.until - self.days * _DAY


@dataclass(slots=True)
class Account:
    """A seller as its entries so far have left it."""

    seller_id: UUID
    owner_id: UUID
    balance: Decimal = ZERO
    sequence: int = 0
    spent_on: date | None = None
    spent_today: Decimal = ZERO
    last_entry_at: str = NULL
    entry_hash: bytes = NO_HASH
    reversible: tuple[UUID, Posting, date] | None = None  # the newest sale, its day, if it is not reversed


@dataclass(slots=True)
class Batch:
    """Rows of two tables, each a line of COPY's text format."""

    entries: list[str] = field(default_factory=list)
    credit_requests: list[str] = field(default_factory=list)


class History:
    """Makes up entries one after the other; `accounts` always matches those made so far."""

    def __init__(self, plan: DataPlan, approver_id: UUID, business_zone: ZoneInfo) -> None:
        self._plan, self._approver_id, self._zone = plan, approver_id, business_zone
        self._random = random.Random(plan.seed)
        self._step = max(1, (plan.until - plan.since) // max(1, plan.entries) // _MICROSECOND)
        self._numbers = max(10, plan.entries // SALES_PER_NUMBER)
        self._today, self._today_ends = date.min, plan.since
        self.accounts = [Account(self._id(plan.since), self._id(plan.since)) for _ in range(plan.sellers)]

    def batches(self) -> Iterator[Batch]:
        """Yield all entries, oldest first, with the credit requests that they came of."""
        popular = self._popular()
        for first in range(0, self._plan.entries, BATCH_ROWS):
            batch = Batch()
            last = min(first + BATCH_ROWS, self._plan.entries)
            for number, account in zip(range(first, last), popular, strict=False):
                jitter = self._random.randrange(self._step)
                self._add_entry(account, self._plan.since + (number * self._step + jitter) * _MICROSECOND, batch)
            yield batch

    def _popular(self) -> Iterator[Account]:
        """Yield accounts for ever; the one of rank r comes up 1/r as often as the first."""
        weights = [1 / rank for rank in range(1, len(self.accounts) + 1)]
        while True:
            yield from self._random.choices(self.accounts, weights, k=BATCH_ROWS)

    def _add_entry(self, account: Account, moment: datetime, batch: Batch) -> None:
        if moment >= self._today_ends:
            self._today = moment.astimezone(self._zone).date()
            self._today_ends = datetime.combine(self._today + _DAY, time(), self._zone).astimezone(UTC)
        entry_id, amount = self._id(moment), self._random.choice(AMOUNTS)
        if account.reversible and self._random.random() < REVERSED_SHARE:
            posting = self._reversal(account)
        elif amount <= account.balance:
            posting = self._charge(account, amount)
            account.reversible = (entry_id, posting, self._today)
        else:
            posting = self._credit(account, moment)
            batch.credit_requests.append(self._request_row(account, posting, entry_id, moment))
        batch.entries.append(self._append(account, posting, entry_id, moment))

    def _charge(self, account: Account, amount: Decimal) -> Posting:
        # Squaring favours the low numbers: some phones are charged often, most a few times.
        number = int(self._numbers * self._random.random() ** 2)
        key = f"{self._random.getrandbits(128):032x}"
        phone_number = f"+9891{number:08d}"
        order = Order(amount=amount, phone_number=phone_number, idempotency_key=key)
        return postings.charge(account.seller_id, order)

    def _credit(self, account: Account, moment: datetime) -> Posting:
        request_id = self._id(moment - _MICROSECOND)
        amount = self._random.randint(*CREDIT_UNITS) * CREDIT_UNIT
        return postings.credit(account.seller_id, amount, credit_request_id=request_id, description="Prepaid")

    def _reversal(self, account: Account) -> Posting:
        assert account.reversible
        (sale_id, sale, day), account.reversible = account.reversible, None
        entry = LedgerEntry(
            id=sale_id,
            amount=sale.entry.amount,
            balance_before=sale.entry.amount,
            balance_after=ZERO,
            debit_account=sale.entry.debit_account,
            credit_account=sale.entry.credit_account,
        )
        return postings.reversal(entry, reason="The operator did not deliver", sold_today=day == self._today)

    def _append(self, account: Account, posting: Posting, entry_id: UUID, moment: datetime) -> str:
        """Move the account by `posting` and return the row of its entry."""
        before, account.balance = account.balance, account.balance + posting.change
        if account.spent_on != self._today:
            account.spent_on, account.spent_today = self._today, ZERO
        account.spent_today = max(ZERO, account.spent_today + posting.spending)
        account.sequence, account.last_entry_at = account.sequence + 1, _text(moment)
        entry = posting.entry
        row = Row(
            seller_id=str(account.seller_id),
            sequence=account.sequence,
            id=str(entry_id),
            type=entry.type,
            amount=str(entry.amount),
            balance_before=str(before),
            balance_after=str(account.balance),
            debit_account=entry.debit_account,
            credit_account=entry.credit_account,
            phone_number=entry.phone_number,
            credit_request_id=str(entry.credit_request_id or ""),
            reverses_id=str(entry.reverses_id or ""),
            created_by_id=str(account.owner_id if entry.phone_number else self._approver_id),
            created_at=account.last_entry_at,
            idempotency_key=entry.idempotency_key,
            description=entry.description,
            entry_hash=None,
            reversed=None,
        )
        account.entry_hash = hash_entry(account.entry_hash, row)
        row = row._replace(
            credit_request_id=row.credit_request_id or NULL,
            reverses_id=row.reverses_id or NULL,
        )
        values = row[: len(ENTRY_COLUMNS) - 1]
        return "\t".join(map(str, (*values, rf"\\x{account.entry_hash.hex()}")))

    def _request_row(self, account: Account, posting: Posting, entry_id: UUID, moment: datetime) -> str:
        entry = posting.entry
        fields = (entry.credit_request_id, account.seller_id, entry.amount, account.owner_id)
        times = (_text(moment - _MICROSECOND), _text(moment))
        return "\t".join(map(str, (*fields, *times, self._approver_id, entry_id)))

    def _id(self, moment: datetime) -> UUID:
        return uuid7_at(moment, random_bits=self._random.getrandbits(ID_RANDOM_BITS))


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
