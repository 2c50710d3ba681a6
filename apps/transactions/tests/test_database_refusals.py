"""Refusals of PostgreSQL about money, each by the name of its constraint or trigger."""

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection

from apps.accounts.models import Seller
from apps.core.values.ids import uuid7, uuid7_at
from apps.testing.constraints import Row, columns_of, database_as, insert_row, not_permitted, refused_by
from apps.testing.factories import NEVER, add_credit, file_request, make_seller, make_staff, owner_of, reverse, sell
from apps.testing.invariants import assert_ledger_consistent
from apps.testing.raw_entries import entry, next_sale, post
from apps.transactions.models import FUNDING_ACCOUNT, LedgerEntry, ReconciliationRun, Wallet, wallet_account
from apps.transactions.reconciliation.reconcile import reconcile_all
from apps.transactions.reconciliation.runs import record_run

pytestmark = pytest.mark.django_db(transaction=True)

ENTRIES, WALLETS = "transactions_ledgerentry", "transactions_wallet"


@pytest.fixture
def traded() -> Seller:
    """A seller with #1 credit 10, #2 sale 4 (key `k`), #3 sale 1, #4 reversal of #3; the balance is 6."""
    seller = make_seller(balance="10.00")
    sell(seller, "4.00", key="k")
    reverse(sell(seller, "1.00"))
    return seller


def next_credit(seller: Seller, **changes: object) -> Row:
    """Return the columns of a credit of 1.00 to a seller with 6.00: its next entry, but for the request."""
    legs = {"debit_account": FUNDING_ACCOUNT, "credit_account": wallet_account(seller.pk)}
    return next_sale(seller, type="credit_increase", balance_after=Decimal(7), phone_number="", **legs, **changes)


def reversal_of(original: LedgerEntry, **changes: object) -> Row:
    """Return the columns of the reversal of a sale that could be its seller's next entry."""
    mirror = next_sale(
        original.seller, type="reversal", amount=original.amount, phone_number="", reverses_id=original.pk,
        debit_account=original.credit_account, credit_account=original.debit_account,
    )  # fmt: skip
    return mirror | {"balance_after": mirror["balance_before"] + original.amount} | changes


def refuse(row: Row, *constraints: str, role: str = "owner") -> None:
    with refused_by(*constraints), database_as(role) as cursor:
        post(cursor, row)


@pytest.mark.parametrize("role", ["app", "owner"])
def test_the_rows_that_the_cases_below_spoil_are_right(traded: Seller, role: str) -> None:
    sale = next_sale(traded)
    with database_as(role) as cursor:
        post(cursor, sale)
    reversal = reversal_of(entry(traded, 2))
    with database_as(role) as cursor:
        post(cursor, reversal)

    assert entry(traded, 6).balance_after == 9
    assert_ledger_consistent()


# How each case spoils the next sale of a seller like `traded`, and the constraint that refuses it.
SPOILED: dict[str, tuple[Callable[[Seller], Row], str]] = {
    "nothing moves": (lambda _: {"amount": 0, "balance_after": 6}, "entry_amount_positive"),
    "less than nothing moves": (lambda _: {"amount": -1, "balance_after": 7}, "entry_amount_positive"),
    "the first entry is number 0": (lambda _: {"sequence": 0}, "entry_sequence_positive"),
    "the balance falls below zero": (lambda _: {"amount": 7, "balance_after": -1}, "entry_balances_not_negative"),
    "the amount is not a number": (
        lambda _: {"amount": Decimal("NaN"), "balance_after": Decimal("NaN")}, "entry_balances_are_numbers",
    ),
    "both legs are the wallet": (
        lambda seller: {"credit_account": wallet_account(seller.pk)}, "entry_accounts_differ",
    ),
    "both legs are of the platform": (
        lambda _: {"debit_account": "platform:charge_sales"}, "entry_accounts_differ",
    ),
    "no leg is the wallet": (lambda _: {"debit_account": FUNDING_ACCOUNT}, "entry_moves_its_wallet"),
    "the leg is another wallet": (lambda _: {"debit_account": wallet_account(NEVER)}, "entry_moves_its_wallet"),
    "the leg is an unknown wallet": (lambda _: {"debit_account": "wallet:other"}, "entry_moves_its_wallet"),
    "the arithmetic is wrong": (lambda _: {"balance_after": 4}, "entry_moves_its_wallet"),
    "a sale raises the balance": (lambda _: {"balance_after": 7}, "entry_moves_its_wallet"),
    "the type is unknown": (lambda _: {"type": "gift"}, "entry_fits_its_type"),
    "a sale has no phone number": (lambda _: {"phone_number": ""}, "entry_fits_its_type"),
    "a sale has no real phone number": (lambda _: {"phone_number": "0912"}, "entry_fits_its_type"),
    "a phone number has digits of another script": (
        lambda _: {"phone_number": "+98912345678٩"}, "entry_fits_its_type",
    ),
    "a sale goes to another account": (lambda _: {"credit_account": FUNDING_ACCOUNT}, "entry_fits_its_type"),
    "a sale names a credit request": (
        lambda seller: {"credit_request_id": entry(seller, 1).credit_request_id}, "entry_fits_its_type",
    ),
    "a sale reverses": (lambda seller: {"reverses_id": entry(seller, 2).pk}, "entry_fits_its_type"),
    "a credit has no request": (lambda seller: next_credit(seller), "entry_fits_its_type"),
    "a reversal reverses nothing": (lambda _: {"type": "reversal", "phone_number": ""}, "entry_fits_its_type"),
    "a number is used twice": (lambda _: {"sequence": 4}, "entry_sequence_unique"),
    "an id is used twice": (lambda seller: {"id": entry(seller, 2).pk}, f"{ENTRIES}_pkey"),
    "a key is used twice": (lambda _: {"idempotency_key": "k"}, "entry_key_unique"),
    "a request is credited twice": (
        lambda seller: next_credit(seller, credit_request_id=entry(seller, 1).credit_request_id),
        "entry_credit_request_unique",
    ),
    "an entry is reversed twice": (lambda seller: reversal_of(entry(seller, 3)), "entry_reverses_unique"),
}  # fmt: skip


@pytest.mark.parametrize("case", SPOILED)
def test_an_entry_is_refused_when(traded: Seller, case: str) -> None:
    spoil, constraint = SPOILED[case]
    row = next_sale(traded) | spoil(traded)

    with refused_by(constraint), database_as("superuser", triggers=False) as cursor:
        insert_row(cursor, LedgerEntry, row)
    # With triggers, one of them may be the first to refuse.
    for role in ("app", "owner"):
        refuse(row, constraint, "entry_extends_chain", "reversal_mirrors_entry", role=role)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"sequence": 6}, "entry_extends_chain"),
        ({"sequence": 4}, "entry_extends_chain"),
        ({"sequence": 1}, "entry_extends_chain"),
        ({"sequence": 6, "entry_hash": b"\0" * 32}, "entry_extends_chain"),
        ({"balance_before": 8, "balance_after": 7}, "entry_extends_chain"),
        ({"created_at": "2020-01-01T00:00:00Z"}, "entry_extends_chain"),
        ({"created_by_id": NEVER}, "transactions_ledge"),
    ],
    ids=[
        "skips a number",
        "repeats one",
        "begins anew",
        "brings a hash",
        "forgets a balance",
        "is old",
        "has no author",
    ],
)
def test_an_entry_does_not_extend_the_chain_when_it(traded: Seller, changes: Row, constraint: str) -> None:
    refuse(next_sale(traded, **changes), constraint)


def test_a_chain_begins_with_one_and_nothing(traded: Seller) -> None:
    other = make_seller()
    refuse(next_sale(traded, seller_id=other.pk, debit_account=wallet_account(other.pk)), "entry_extends_chain")


def test_a_chain_does_not_fork(traded: Seller) -> None:
    fork = next_sale(traded)
    with refused_by("entry_extends_chain"), database_as("owner") as cursor:
        post(cursor, fork)
        post(cursor, fork | {"id": uuid7_at(fork["created_at"])})


def test_the_hash_is_the_databases_own(traded: Seller) -> None:
    with database_as("owner") as cursor:
        post(cursor, next_sale(traded, entry_hash=b"forged"))
    assert len(bytes(entry(traded, 5).entry_hash)) == 32


def test_an_entry_of_no_seller_is_refused(traded: Seller) -> None:
    row = next_sale(
        traded, seller_id=NEVER, sequence=1, balance_before=0, balance_after=1, type="reversal", phone_number="",
        debit_account=FUNDING_ACCOUNT, credit_account=wallet_account(NEVER), reverses_id=entry(traded, 1).pk,
    )  # fmt: skip
    with refused_by("transactions_ledge", "reversal_mirrors", "entry_reaches_wallet"), database_as("app") as cursor:
        insert_row(cursor, LedgerEntry, row)


def test_a_credit_needs_an_approved_request(traded: Seller) -> None:
    refuse(next_credit(traded, credit_request_id=NEVER), "entry_credit_request_exists", "entry_has_approved_request")
    pending = file_request(traded, "1.00").pk
    refuse(next_credit(traded, credit_request_id=pending), "entry_has_approved_request")


@pytest.mark.parametrize(
    "changes",
    [{"amount": 3, "balance_after": 9}, {"debit_account": FUNDING_ACCOUNT}, {"reverses_id": NEVER}],
    ids=["amount", "leg", "entry"],
)
def test_a_reversal_mirrors_its_entry(traded: Seller, changes: Row) -> None:
    refuse(reversal_of(entry(traded, 2), **changes), "reversal_mirrors_entry")


def test_a_reversal_is_of_the_same_seller(traded: Seller) -> None:
    foreign = sell(make_seller(balance="4.00"), "4.00").pk
    refuse(reversal_of(entry(traded, 2), reverses_id=foreign), "reversal_mirrors_entry")


def test_a_reversal_is_not_reversed(traded: Seller) -> None:
    refuse(reversal_of(entry(traded, 4), balance_after=Decimal(5)), "reversal_mirrors_entry")


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
def test_a_wallet_does_not_move_without_the_ledger(traded: Seller, role: str, change: str, constraint: str) -> None:
    with refused_by(constraint), database_as(role) as cursor:
        cursor.execute(f"UPDATE {WALLETS} SET {change} WHERE seller_id = %s", [traded.pk])


@pytest.mark.parametrize("role", ["app", "owner"])
def test_the_ledger_does_not_move_without_the_wallet(traded: Seller, role: str) -> None:
    row = next_sale(traded)
    with refused_by("entry_reaches_wallet"), database_as(role) as cursor:
        insert_row(cursor, LedgerEntry, row)


def test_a_wallet_is_not_given_to_another_seller(traded: Seller) -> None:
    heir = make_seller()
    with refused_by("wallet_matches_ledger"), database_as("owner") as cursor:
        cursor.execute(f"DELETE FROM {WALLETS} WHERE seller_id = %s", [heir.pk])
        cursor.execute(f"UPDATE {WALLETS} SET seller_id = %s WHERE seller_id = %s", [heir.pk, traded.pk])


def test_a_wallet_with_entries_stays(traded: Seller) -> None:
    for statement, trigger in (("DELETE FROM {}", "wallet_matches_ledger"), ("TRUNCATE {}", "wallets_stay")):
        with refused_by(trigger), database_as("owner") as cursor:
            cursor.execute(statement.format(WALLETS))


def test_a_wallet_opens_empty() -> None:
    wallet = columns_of(Wallet.objects.get(pk=make_seller().pk), balance=Decimal(5))
    with refused_by("wallet_matches_ledger"), database_as("owner") as cursor:
        cursor.execute(f"DELETE FROM {WALLETS}")
        insert_row(cursor, Wallet, wallet)


@pytest.mark.parametrize("table", [ENTRIES, WALLETS])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_application_can_take_nothing_away(traded: Seller, table: str, statement: str) -> None:
    with not_permitted(), database_as("app") as cursor:
        cursor.execute(statement.format(table))


def test_the_application_cannot_rewrite_an_entry_nor_open_a_wallet(traded: Seller) -> None:
    with not_permitted(), database_as("app") as cursor:
        cursor.execute(f"UPDATE {ENTRIES} SET description = 'x'")
    with not_permitted(), database_as("app") as cursor:
        insert_row(cursor, Wallet, columns_of(Wallet.objects.get(pk=traded.pk), seller_id=NEVER))


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE {ENTRIES} SET description = 'x'",
        f"UPDATE {ENTRIES} SET amount = amount WHERE amount < 0",
        f"DELETE FROM {ENTRIES} WHERE sequence = 2",
        f"TRUNCATE {ENTRIES} CASCADE",
        f"INSERT INTO {ENTRIES} SELECT * FROM {ENTRIES} ON CONFLICT (id) DO UPDATE SET amount = 9",
        f"MERGE INTO {ENTRIES} t USING {ENTRIES} s ON t.seller_id = s.seller_id AND t.id = s.id"
        " WHEN MATCHED THEN UPDATE SET amount = 9",
    ],
)
@pytest.mark.parametrize("role", ["owner", "superuser"])
def test_even_the_owner_cannot_rewrite_the_ledger(traded: Seller, role: str, statement: str) -> None:
    with refused_by("ledger_is_append_only", "ledger_stays", "credit_requests_stay"), database_as(role) as cursor:
        cursor.execute(statement)


def foreign_keys_to(table: str) -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE contype = 'f' AND confrelid = %s::regclass", [table])
        return tuple(name for (name,) in cursor.fetchall())


@pytest.mark.parametrize(
    ("table", "of"),
    [
        ("accounts_seller", lambda seller: seller.pk),
        ("accounts_user", lambda seller: owner_of(seller).pk),
        ("accounts_user", lambda seller: entry(seller, 1).created_by_id),
    ],
    ids=["seller", "user who sold", "user who approved"],
)
def test_sellers_and_users_with_entries_stay(traded: Seller, table: str, of: Callable[[Seller], UUID]) -> None:
    add_credit(traded, "1.00")
    with refused_by(*foreign_keys_to(table)), database_as("owner") as cursor:
        cursor.execute("DELETE FROM accounts_session; DELETE FROM accounts_user_groups")
        cursor.execute(f"DELETE FROM {table} WHERE id = %s", [of(traded)])


def test_a_user_without_entries_can_be_deleted(traded: Seller) -> None:
    with database_as("owner") as cursor:
        cursor.execute("DELETE FROM accounts_user WHERE id = %s", [make_staff().pk])


@pytest.mark.parametrize(
    "unchecked",
    [{"chain_verified": None}, {"trial_balance_total": None}, {"chain_verified": False}, {"discrepancies": 1}],
    ids=str,
)
def test_a_run_does_not_agree_on_what_it_did_not_check_or_found_wrong(unchecked: Row) -> None:
    run = record_run(reconcile_all(), seconds=0.0)
    with refused_by("run_agrees_on_all_it_claims"), database_as("app") as cursor:
        insert_row(cursor, ReconciliationRun, columns_of(run, id=uuid7(), **unchecked))
