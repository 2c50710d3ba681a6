"""What PostgreSQL itself refuses about money, whoever asks."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Seller
from apps.core.values.ids import uuid7
from apps.testing.constraints import Row, columns_of, database_as, insert_row, not_permitted, refused_by
from apps.testing.factories import NEVER, add_credit, file_request, make_seller, reverse, sell
from apps.transactions.models import LedgerEntry, Wallet

pytestmark = pytest.mark.django_db(transaction=True)

TICK = timedelta(seconds=1)


@pytest.fixture
def traded() -> Seller:
    """A seller with #1 credit 10, #2 sale 4 (key `k`), #3 sale 1, #4 reversal of #3; the balance is 6."""
    seller = make_seller(balance="10.00")
    sell(seller, "4.00", key="k")
    reverse(sell(seller, "1.00"))
    return seller


def _entry(seller: Seller, sequence: int) -> LedgerEntry:
    return LedgerEntry.objects.get(seller=seller, sequence=sequence)


def _next_sale(seller: Seller, **changes: object) -> Row:
    """Return a row that would be the seller's right next entry, a sale of 1.00, but for `changes`."""
    newest = LedgerEntry.objects.filter(seller=seller).latest("sequence")
    sale = LedgerEntry.objects.filter(seller=seller, type="charge_sale").latest("sequence")
    return columns_of(sale) | {
        "id": uuid7(),
        "sequence": newest.sequence + 1,
        "amount": Decimal("1.00"),
        "balance_before": newest.balance_after,
        "balance_after": newest.balance_after - 1,
        "idempotency_key": "",
        "created_at": newest.created_at + TICK,
        **changes,
    }


def _move_wallet(cursor: Any, row: Row) -> None:
    cursor.execute(
        "UPDATE transactions_wallet SET balance = %s, sequence = %s, last_entry_at = %s WHERE seller_id = %s",
        [row["balance_after"], row["sequence"], row["created_at"], row["seller_id"]],
    )


def test_the_row_that_the_cases_below_spoil_is_right(traded: Seller) -> None:
    row = _next_sale(traded)
    with database_as("app") as cursor:
        insert_row(cursor, LedgerEntry, row)
        _move_wallet(cursor, row)

    assert _entry(traded, 5).balance_after == 5


def _spoiled(seller: Seller, case: str) -> Row:
    """Return the next sale, spoiled in one way."""
    wallet, other = f"wallet:{seller.pk}", f"wallet:{NEVER}"
    credit, sold, reversal = (_entry(seller, sequence) for sequence in (1, 2, 4))
    spoilings: dict[str, Row] = {
        "nothing moves": {"amount": 0, "balance_after": 6},
        "less than nothing moves": {"amount": -1, "balance_after": 7},
        "the first entry is number 0": {"sequence": 0},
        "the balance falls below zero": {"amount": 7, "balance_after": -1},
        "both legs are the wallet": {"credit_account": wallet},
        "no leg is the wallet": {"debit_account": "platform:funding"},
        "the leg is another wallet": {"debit_account": other},
        "the arithmetic is wrong": {"balance_after": 4},
        "a sale raises the balance": {"balance_after": 7},
        "the type is unknown": {"type": "gift"},
        "a sale has no phone number": {"phone_number": ""},
        "a sale has no real phone number": {"phone_number": "0912"},
        "a sale goes to another account": {"credit_account": "platform:funding"},
        "a sale names a credit request": {"credit_request_id": credit.credit_request_id},
        "a sale reverses": {"reverses_id": sold.pk},
        "a credit has no request": {
            "type": "credit_increase", "debit_account": "platform:funding", "credit_account": wallet,
            "balance_after": 7, "phone_number": "",
        },
        "a reversal reverses nothing": {"type": "reversal", "phone_number": ""},
        "a number is used twice": {"sequence": 4},
        "an id is used twice": {"id": sold.pk},
        "a key is used twice": {"idempotency_key": "k"},
        "a request is credited twice": columns_of(
            credit, id=uuid7(), sequence=5, balance_before=6, balance_after=16, created_at=reversal.created_at + TICK
        ),
        "an entry is reversed twice": columns_of(
            reversal, id=uuid7(), sequence=5, balance_before=6, balance_after=7, created_at=reversal.created_at + TICK
        ),
    }  # fmt: skip
    return _next_sale(seller, **spoilings[case])


CASES = [
    ("nothing moves", "entry_amount_positive"),
    ("less than nothing moves", "entry_amount_positive"),
    ("the first entry is number 0", "entry_sequence_positive"),
    ("the balance falls below zero", "entry_balances_not_negative"),
    ("both legs are the wallet", "entry_accounts_differ"),
    ("no leg is the wallet", "entry_moves_its_wallet"),
    ("the leg is another wallet", "entry_moves_its_wallet"),
    ("the arithmetic is wrong", "entry_moves_its_wallet"),
    ("a sale raises the balance", "entry_moves_its_wallet"),
    ("the type is unknown", "entry_fits_its_type"),
    ("a sale has no phone number", "entry_fits_its_type"),
    ("a sale has no real phone number", "entry_fits_its_type"),
    ("a sale goes to another account", "entry_fits_its_type"),
    ("a sale names a credit request", "entry_fits_its_type"),
    ("a sale reverses", "entry_fits_its_type"),
    ("a credit has no request", "entry_fits_its_type"),
    ("a reversal reverses nothing", "entry_fits_its_type"),
    ("a number is used twice", "entry_sequence_unique"),
    ("an id is used twice", "transactions_ledgerentry_pkey"),
    ("a key is used twice", "entry_key_unique"),
    ("a request is credited twice", "entry_credit_request_unique"),
    ("an entry is reversed twice", "entry_reverses_unique"),
]


@pytest.mark.parametrize(("case", "constraint"), CASES)
def test_an_entry_is_refused_when(traded: Seller, case: str, constraint: str) -> None:
    row = _spoiled(traded, case)

    with refused_by(constraint), database_as("superuser", triggers=False) as cursor:
        insert_row(cursor, LedgerEntry, row)
    # With triggers, one of them may be the first to refuse.
    with refused_by(constraint, "entry_extends_chain", "reversal_mirrors_entry"), database_as("app") as cursor:
        insert_row(cursor, LedgerEntry, row)
        _move_wallet(cursor, row)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"sequence": 6}, "entry_extends_chain"),
        ({"balance_before": 8, "balance_after": 7}, "entry_extends_chain"),
        ({"created_at": "2020-01-01T00:00:00Z"}, "entry_extends_chain"),
        ({"created_by_id": NEVER}, "transactions_ledge"),
    ],
    ids=["it skips a number", "it forgets a balance", "it is older than the one before", "nobody made it"],
)
def test_an_entry_does_not_fit_the_ledger_when(traded: Seller, changes: Row, constraint: str) -> None:
    row = _next_sale(traded, **changes)

    with refused_by(constraint), database_as("app") as cursor:
        insert_row(cursor, LedgerEntry, row)
        _move_wallet(cursor, row)


def test_an_entry_of_no_seller_is_refused(traded: Seller) -> None:
    row = _next_sale(
        traded, seller_id=NEVER, sequence=1, balance_before=0, balance_after=1, type="reversal", phone_number="",
        debit_account="platform:funding", credit_account=f"wallet:{NEVER}", reverses_id=_entry(traded, 1).pk,
    )  # fmt: skip

    with (
        refused_by("transactions_ledge", "reversal_mirrors_entry", "entry_reaches_wallet"),
        database_as("app") as cursor,
    ):
        insert_row(cursor, LedgerEntry, row)


def test_a_credit_of_a_request_that_nobody_filed_or_approved_is_refused(traded: Seller) -> None:
    for request_id in (NEVER, file_request(traded, "1.00").pk):
        row = _next_sale(
            traded, type="credit_increase", debit_account="platform:funding", credit_account=f"wallet:{traded.pk}",
            balance_after=7, phone_number="", credit_request_id=request_id,
        )  # fmt: skip
        with (
            refused_by("entry_credit_request_exists", "entry_has_approved_request"),
            database_as("app") as cursor,
        ):
            insert_row(cursor, LedgerEntry, row)
            _move_wallet(cursor, row)


@pytest.mark.parametrize("changes", [{"amount": 3, "balance_after": 9}, {"reverses_id": None}], ids=["amount", "entry"])
def test_a_reversal_that_does_not_mirror_its_entry_is_refused(traded: Seller, changes: Row) -> None:
    row = _next_sale(
        traded, type="reversal", amount=4, balance_after=10, phone_number="", reverses_id=_entry(traded, 2).pk,
        debit_account="platform:charge_sales", credit_account=f"wallet:{traded.pk}",
    ) | changes  # fmt: skip
    if row["reverses_id"] is None:
        row["reverses_id"] = sell(make_seller(balance="4.00"), "4.00").pk  # another seller's

    with refused_by("reversal_mirrors_entry"), database_as("app") as cursor:
        insert_row(cursor, LedgerEntry, row)
        _move_wallet(cursor, row)


def test_an_entry_that_its_wallet_does_not_follow_is_refused(traded: Seller) -> None:
    row = _next_sale(traded)

    with refused_by("entry_reaches_wallet", "wallet_matches_ledger"), database_as("app") as cursor:
        insert_row(cursor, LedgerEntry, row)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("balance = -0.01", "wallet_balance_not_negative"),
        ("sequence = -1", "wallet_sequence_not_negative"),
        ("spent_today = -0.01", "wallet_spent_not_negative"),
        ("balance = balance + 1", "wallet_matches_ledger"),
        ("sequence = sequence + 1", "wallet_matches_ledger"),
        ("balance = 0, sequence = 0", "wallet_matches_ledger"),
    ],
)
@pytest.mark.parametrize("role", ["app", "owner"])
def test_a_wallet_that_tells_another_story_than_the_ledger_is_refused(
    traded: Seller, role: str, change: str, constraint: str
) -> None:
    with refused_by(constraint), database_as(role) as cursor:
        cursor.execute(f"UPDATE transactions_wallet SET {change} WHERE seller_id = %s", [traded.pk])


@pytest.mark.parametrize("table", ["transactions_ledgerentry", "transactions_wallet"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_application_can_take_nothing_away(traded: Seller, table: str, statement: str) -> None:
    with not_permitted(), database_as("app") as cursor:
        cursor.execute(statement.format(table))


def test_the_application_cannot_rewrite_an_entry_nor_open_a_wallet(traded: Seller) -> None:
    with not_permitted(), database_as("app") as cursor:
        cursor.execute("UPDATE transactions_ledgerentry SET description = 'x'")
    with not_permitted(), database_as("app") as cursor:
        insert_row(cursor, Wallet, columns_of(Wallet.objects.get(pk=traded.pk), seller_id=NEVER))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transactions_ledgerentry SET description = 'x'",
        "UPDATE transactions_ledgerentry SET amount = amount WHERE false",
        "DELETE FROM transactions_ledgerentry",
        "TRUNCATE transactions_ledgerentry CASCADE",
    ],
)
@pytest.mark.parametrize("role", ["owner", "superuser"])
def test_even_the_owner_cannot_rewrite_the_ledger(traded: Seller, role: str, statement: str) -> None:
    with refused_by("ledger_is_append_only", "credit_requests_stay"), database_as(role) as cursor:
        cursor.execute(statement)


def test_a_seller_with_a_ledger_cannot_be_deleted(traded: Seller) -> None:
    add_credit(traded, "1.00")

    with refused_by("accounts_", "transactions_", "credit_requests_"), database_as("owner") as cursor:
        cursor.execute("DELETE FROM accounts_seller WHERE id = %s", [traded.pk])
