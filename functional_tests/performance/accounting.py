"""Audit after the sales: every balance as it must be against the balance and the ledger of the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sharj import Sharj

from functional_tests.performance.errors import UnexpectedAnswer
from functional_tests.performance.onboarding import Seller
from functional_tests.performance.worker import SaleRecord

ZERO = Decimal("0.00")
PAGE_SIZE = 500
MAX_NAMED_KEYS = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """A ledger entry as the API lists it."""

    type: str
    sequence: int
    amount: Decimal
    balance_before: Decimal
    balance_after: Decimal
    idempotency_key: str | None
    credit_request: str | None

    @property
    def signed_amount(self) -> Decimal:
        """Change of the balance, by the entry's type alone."""
        return -self.amount if self.type == "charge_sale" else self.amount


@dataclass(frozen=True, slots=True)
class Books:
    """The server's books of one seller: balance, ledger (oldest first), reconciliation."""

    balance: Decimal
    sequence: int
    entries: tuple[Entry, ...]
    reconciliation: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """One row of the result: expected against actual, and every difference found."""

    seller_id: str
    username: str
    initial_balance: Decimal
    total_balance_increase: Decimal
    charges_sold: Decimal
    charge_count: int
    expected_balance: Decimal
    actual_balance: Decimal
    ledger_balance: Decimal
    differences: tuple[str, ...]


def read_books(client: Sharj, seller_id: str) -> Books:
    """Read everything the API tells about one seller's money; raise UnexpectedAnswer."""
    entries = sorted(_read_entries(client, seller_id), key=lambda entry: entry.sequence)
    balance = client.get(f"sellers/{seller_id}/balance/")
    reconciliation = client.get(f"sellers/{seller_id}/reconciliation/")
    try:
        return Books(Decimal(balance["balance"]), int(balance["sequence"]), tuple(entries), reconciliation)
    except (KeyError, TypeError, ArithmeticError, ValueError) as error:
        raise UnexpectedAnswer(f"the balance of {seller_id} is not readable: {balance}") from error


def _read_entries(client: Sharj, seller_id: str) -> Iterator[Entry]:
    for item in client.pages("transactions/", seller=seller_id, page_size=PAGE_SIZE):
        try:
            yield _parse_entry(item)
        except (KeyError, TypeError, ArithmeticError, ValueError) as error:
            raise UnexpectedAnswer(f"an entry of {seller_id} is not readable: {error!r}") from error


def _parse_entry(item: dict[str, Any]) -> Entry:
    return Entry(
        type=item["type"],
        sequence=int(item["sequence"]),
        amount=Decimal(item["amount"]),
        balance_before=Decimal(item["balance_before"]),
        balance_after=Decimal(item["balance_after"]),
        idempotency_key=item["idempotency_key"],
        credit_request=item["credit_request"],
    )


def audit(seller: Seller, sales: Sequence[SaleRecord], books: Books) -> Statement:
    """Compare what the journal of acknowledged ``sales`` implies with the books."""
    increase = sum((credit.amount for credit in seller.credits), ZERO)
    sold = sum((sale.amount for sale in sales), ZERO)
    expected = seller.initial_balance + increase - sold
    ledger_balance = sum((entry.signed_amount for entry in books.entries), ZERO)
    differences = [
        *_balance_differences(seller.initial_balance, expected, ledger_balance, books),
        *_chain_differences(books),
        *_charge_differences(sales, books),
        *_credit_differences(seller, books),
        *_verdict_differences(books),
    ]
    return Statement(
        seller_id=seller.id,
        username=seller.login.credentials["username"],
        initial_balance=seller.initial_balance,
        total_balance_increase=increase,
        charges_sold=sold,
        charge_count=len(sales),
        expected_balance=expected,
        actual_balance=books.balance,
        ledger_balance=ledger_balance,
        differences=tuple(differences),
    )


def _balance_differences(initial: Decimal, expected: Decimal, ledger_balance: Decimal, books: Books) -> Iterator[str]:
    # Else a balance that is always off by the same amount would agree with itself.
    if initial != ZERO:
        yield f"a seller just registered had a balance of {initial}"
    if books.balance != expected:
        yield f"balance is {books.balance}, expected {expected}"
    if ledger_balance != expected:
        yield f"ledger entries add up to {ledger_balance}, expected {expected}"


def _chain_differences(books: Books) -> Iterator[str]:
    """Check that sequences run 1, 2, 3… and each entry starts where the last ended."""
    sequences = [entry.sequence for entry in books.entries]
    if sequences != list(range(1, len(sequences) + 1)):
        yield f"the sequences of {len(sequences)} entries have a gap or a duplicate"
    if books.sequence != len(sequences):
        yield f"the wallet is at sequence {books.sequence}, the ledger has {len(sequences)} entries"
    balance = ZERO
    for entry in books.entries:
        if entry.balance_before != balance or entry.balance_after != balance + entry.signed_amount:
            yield f"entry {entry.sequence} does not follow from the entry before it"
            return
        balance = entry.balance_after


def _charge_differences(sales: Sequence[SaleRecord], books: Books) -> Iterator[str]:
    """Check that the ledger holds each acknowledged key once, and no other charge."""
    charges = [entry for entry in books.entries if entry.type == "charge_sale"]
    wanted = Counter((sale.key, sale.amount) for sale in sales)
    found = Counter((str(entry.idempotency_key), entry.amount) for entry in charges)
    keys = {sale.key for sale in sales}
    if len(charges) != len(keys):
        yield f"the ledger has {len(charges)} charges, {len(keys)} distinct keys were acknowledged"
    if wanted - found:
        yield f"acknowledged but not in the ledger: {_name_keys(wanted - found)}"
    if found - wanted:
        yield f"in the ledger but not acknowledged: {_name_keys(found - wanted)}"


def _credit_differences(seller: Seller, books: Books) -> Iterator[str]:
    """Check that each approved credit request is in the ledger exactly once."""
    increases = [entry for entry in books.entries if entry.type == "credit_increase"]
    wanted = Counter((credit.request_id, credit.amount) for credit in seller.credits)
    found = Counter((str(entry.credit_request), entry.amount) for entry in increases)
    if wanted != found:
        yield f"{len(increases)} credit entries do not match {len(seller.credits)} approved requests one to one"
    strangers = {entry.type for entry in books.entries} - {"credit_increase", "charge_sale"}
    if strangers:
        yield f"the ledger has entries of types that this run does not make: {', '.join(sorted(strangers))}"


def _verdict_differences(books: Books) -> Iterator[str]:
    """Check that the server's own reconciliation says what the books say."""
    wanted = {
        "is_reconciled": True,
        "current_balance": str(books.balance),
        "calculated_balance": str(books.balance),
        "difference": "0.00",
        "total_transactions": len(books.entries),
        "last_sequence": books.sequence,
    }
    for name, value in wanted.items():
        said = books.reconciliation.get(name)
        if said != value:
            yield f"reconciliation says {name} {said!r}, expected {value!r}"


def _name_keys(counter: Counter[tuple[str, Decimal]]) -> str:
    named = [f"{key} ({amount})" for key, amount in sorted(counter)[:MAX_NAMED_KEYS]]
    more = len(counter) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")
