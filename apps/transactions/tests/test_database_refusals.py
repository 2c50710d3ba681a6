"""What PostgreSQL refuses to the owner of the tables, who is asked by raw SQL; each refusal by its name."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg2
import pytest
from django.db import connection
from psycopg2.sql import SQL, Composable, Identifier, Placeholder

from apps.accounts.models import Seller
from apps.core.database.logins import database_login
from apps.core.database.roles import open_database
from apps.core.values.ids import uuid7
from apps.testing.constraints import columns_of
from apps.testing.factories import file_request, make_seller, make_staff, owner_of, reverse, sell
from apps.testing.invariants import assert_ledger_consistent, nothing_changes
from apps.transactions.models import EntryType, LedgerEntry, Wallet, wallet_account

pytestmark = pytest.mark.django_db(transaction=True)

Statement = tuple[str | Composable, Mapping[str, object]]


@pytest.fixture
def seller() -> Seller:
    """A seller with two entries: a credit of 100.00 and a sale of 10.00."""
    seller = make_seller(balance="100.00")
    sell(seller, "10.00", key="k1")
    return seller


def run(*statements: Statement) -> None:
    """Run statements as the owner of the tables, in one transaction, and commit."""
    with open_database(database_login("owner", connection.settings_dict["NAME"])) as database:
        database.autocommit = False
        with database.cursor() as cursor:
            for sql, values in statements:
                cursor.execute(sql, {name: _plain(value) for name, value in values.items()})
        database.commit()


def _plain(value: object) -> object:
    return str(value) if isinstance(value, UUID) else value


def refusal(*statements: Statement) -> str | None:
    """Return the name of the constraint or trigger that refuses the statements, at once or at commit."""
    with nothing_changes(), pytest.raises(psycopg2.IntegrityError) as error:
        run(*statements)
    return error.value.diag.constraint_name


def insert(table: str, values: Mapping[str, object]) -> Statement:
    columns = SQL(", ").join(map(Identifier, values))
    places = SQL(", ").join(map(Placeholder, values))
    return SQL("INSERT INTO {} ({}) VALUES ({})").format(Identifier(table), columns, places), values


def entry_after(seller: Seller, **changes: object) -> dict[str, object]:
    """Return the columns of a sale of 1.00 that could be the seller's next entry, with `changes`."""
    newest = LedgerEntry.objects.filter(seller=seller).latest("sequence")
    values = dict(columns_of(newest)) | {
        "id": uuid7(),
        "type": EntryType.CHARGE_SALE.value,
        "sequence": newest.sequence + 1,
        "amount": Decimal(1),
        "balance_before": newest.balance_after,
        "balance_after": newest.balance_after - 1,
        "debit_account": wallet_account(seller.pk),
        "credit_account": "platform:charge_sales",
        "phone_number": "+989123456789",
        "idempotency_key": "",
        "credit_request_id": None,
        "reverses_id": None,
        "created_at": newest.created_at + timedelta(seconds=1),
    }
    del values["entry_hash"]
    return values | changes


def credit_after(seller: Seller, **changes: object) -> dict[str, object]:
    """Return the columns of a credit of 1.00 that could be the seller's next entry but for its request."""
    after = LedgerEntry.objects.filter(seller=seller).latest("sequence").balance_after + 1
    legs = {"debit_account": "platform:funding", "credit_account": wallet_account(seller.pk)}
    credit = {"type": EntryType.CREDIT_INCREASE.value, "phone_number": "", "balance_after": after}
    return entry_after(seller, **credit, **legs) | changes


def reversal_of(entry: LedgerEntry, **changes: object) -> dict[str, object]:
    """Return the columns of the reversal of a sale that could be the seller's next entry."""
    newest = LedgerEntry.objects.filter(seller_id=entry.seller_id).latest("sequence")
    mirror = {
        "type": EntryType.REVERSAL.value,
        "amount": entry.amount,
        "balance_after": newest.balance_after + entry.amount,
        "debit_account": entry.credit_account,
        "credit_account": entry.debit_account,
        "phone_number": "",
        "reverses_id": entry.pk,
    }
    return entry_after(entry.seller, **mirror) | changes


def post(entry: Mapping[str, object]) -> tuple[Statement, Statement]:
    """Return the statements that add an entry and move its wallet with it."""
    move = (
        "UPDATE transactions_wallet SET balance = %(balance_after)s, sequence = %(sequence)s, "
        "last_entry_at = %(created_at)s WHERE seller_id = %(seller_id)s"
    )
    return insert("transactions_ledgerentry", entry), (move, entry)


def test_the_entries_of_these_tests_are_right_but_for_what_each_changes(seller: Seller) -> None:
    run(*post(entry_after(seller)))
    run(*post(reversal_of(LedgerEntry.objects.get(seller=seller, sequence=2))))
    assert_ledger_consistent()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE transactions_ledgerentry SET amount = 9",
        "UPDATE transactions_ledgerentry SET description = description WHERE false",
        "DELETE FROM transactions_ledgerentry WHERE sequence = 2",
        "TRUNCATE transactions_ledgerentry CASCADE",
        "INSERT INTO transactions_ledgerentry SELECT * FROM transactions_ledgerentry "
        "ON CONFLICT (id) DO UPDATE SET amount = 9",
        "MERGE INTO transactions_ledgerentry t USING transactions_ledgerentry s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET amount = 9",
    ],
)
def test_entries_stay_as_they_are(seller: Seller, sql: str) -> None:
    assert refusal((sql, {})) == "ledger_is_append_only"


@pytest.mark.parametrize(
    "changes",
    [
        {"sequence": 4},
        {"sequence": 2},
        {"sequence": 1},
        {"balance_before": Decimal(91), "balance_after": Decimal(90)},
        {"created_at": "2020-01-01Z"},
        {"entry_hash": b"\0" * 32, "sequence": 4},
    ],
)
def test_an_entry_extends_its_chain(seller: Seller, changes: dict[str, object]) -> None:
    assert refusal(*post(entry_after(seller, **changes))) == "entry_extends_chain"


def test_a_chain_begins_with_one_and_nothing(seller: Seller) -> None:
    other = make_seller()
    changes = {"seller_id": other.pk, "debit_account": wallet_account(other.pk)}
    assert refusal(*post(entry_after(seller, **changes))) == "entry_extends_chain"


def test_a_chain_does_not_fork(seller: Seller) -> None:
    fork = entry_after(seller)
    assert refusal(*post(fork), *post(fork | {"id": uuid7()})) == "entry_extends_chain"


def test_the_hash_is_the_databases_own(seller: Seller) -> None:
    run(*post(entry_after(seller, entry_hash=b"forged")))
    newest = LedgerEntry.objects.filter(seller=seller).latest("sequence")
    assert len(bytes(newest.entry_hash)) == 32


@pytest.mark.parametrize("change", ["balance = balance + 1", "sequence = sequence + 1", "balance = 0, sequence = 0"])
def test_a_wallet_does_not_move_without_the_ledger(seller: Seller, change: str) -> None:
    assert refusal((f"UPDATE transactions_wallet SET {change}", {})) == "wallet_matches_ledger"


def test_a_wallet_is_not_given_to_another_seller(seller: Seller) -> None:
    heir = make_seller()
    values = {"heir": heir.pk, "seller": seller.pk}
    statements = (
        ("DELETE FROM transactions_wallet WHERE seller_id = %(heir)s", values),
        ("UPDATE transactions_wallet SET seller_id = %(heir)s WHERE seller_id = %(seller)s", values),
    )
    assert refusal(*statements) == "wallet_matches_ledger"


def test_the_ledger_does_not_move_without_the_wallet(seller: Seller) -> None:
    assert refusal(insert("transactions_ledgerentry", entry_after(seller))) == "entry_reaches_wallet"


def test_a_wallet_with_entries_stays(seller: Seller) -> None:
    delete = "DELETE FROM transactions_wallet"
    assert refusal((delete, {})) == "wallet_matches_ledger"
    assert refusal(("TRUNCATE transactions_wallet", {})) == "wallets_stay"


def test_a_wallet_opens_empty() -> None:
    seller = make_seller()
    wallet = dict(columns_of(Wallet.objects.get(pk=seller.pk))) | {"balance": Decimal(5)}
    delete: Statement = ("DELETE FROM transactions_wallet", {})
    assert refusal(delete, insert("transactions_wallet", wallet)) == "wallet_matches_ledger"


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": Decimal(9), "balance_after": Decimal(99)},
        {"debit_account": "platform:funding"},
        {"reverses_id": uuid7()},
    ],
)
def test_a_reversal_mirrors_its_entry(seller: Seller, changes: dict[str, object]) -> None:
    sale = LedgerEntry.objects.get(seller=seller, sequence=2)
    assert refusal(*post(reversal_of(sale, **changes))) == "reversal_mirrors_entry"


def test_a_reversal_is_of_the_same_seller(seller: Seller) -> None:
    other = make_seller(balance="100.00")
    changes = {
        "seller_id": other.pk,
        "credit_account": wallet_account(other.pk),
        "balance_before": Decimal(100),
        "balance_after": Decimal(110),
        "sequence": 2,
    }
    sale = LedgerEntry.objects.get(seller=seller, sequence=2)
    assert refusal(*post(reversal_of(sale, **changes))) == "reversal_mirrors_entry"


def test_a_reversal_is_not_reversed(seller: Seller) -> None:
    undone = reverse(LedgerEntry.objects.get(seller=seller, sequence=2))
    changes = {"balance_after": undone.balance_before}
    assert refusal(*post(reversal_of(undone, **changes))) == "reversal_mirrors_entry"


def test_an_entry_is_reversed_once(seller: Seller) -> None:
    sale = LedgerEntry.objects.get(seller=seller, sequence=2)
    reverse(sale)
    assert refusal(*post(reversal_of(sale))) == "entry_reverses_unique"


def test_a_key_sells_once(seller: Seller) -> None:
    assert refusal(*post(entry_after(seller, idempotency_key="k1"))) == "entry_key_unique"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"amount": Decimal(0), "balance_after": Decimal(90)}, "entry_amount_positive"),
        ({"amount": Decimal(91), "balance_after": Decimal(-1)}, "entry_balances_not_negative"),
        ({"balance_after": Decimal(88)}, "entry_moves_its_wallet"),
        ({"debit_account": "wallet:other"}, "entry_moves_its_wallet"),
        ({"debit_account": "platform:charge_sales"}, "entry_accounts_differ"),
        ({"credit_account": "platform:funding"}, "entry_fits_its_type"),
        ({"phone_number": ""}, "entry_fits_its_type"),
        ({"type": "gift"}, "entry_fits_its_type"),
        ({"amount": Decimal("NaN"), "balance_after": Decimal("NaN")}, "entry_balances_are_numbers"),
    ],
)
def test_an_entry_is_sound_in_itself(seller: Seller, changes: dict[str, object], name: str) -> None:
    assert refusal(*post(entry_after(seller, **changes))) == name


def test_a_credit_needs_an_approved_request(seller: Seller) -> None:
    pending = file_request(seller, "1.00")
    assert refusal(*post(credit_after(seller))) == "entry_fits_its_type"
    missing = credit_after(seller, credit_request_id=uuid7())
    assert refusal(*post(missing)) in ("entry_has_approved_request", "entry_credit_request_exists")
    assert refusal(*post(credit_after(seller, credit_request_id=pending.pk))) == "entry_has_approved_request"


def test_a_request_is_credited_once(seller: Seller) -> None:
    approved = LedgerEntry.objects.get(seller=seller, sequence=1).credit_request_id
    again = credit_after(seller, credit_request_id=approved)
    assert refusal(*post(again)) == "entry_credit_request_unique"


def foreign_keys_to(table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE contype = 'f' AND confrelid = %s::regclass", [table])
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.parametrize(
    ("table", "of"),
    [
        ("accounts_seller", lambda seller: seller.pk),
        ("accounts_user", lambda seller: owner_of(seller).pk),
        ("accounts_user", lambda seller: LedgerEntry.objects.get(seller=seller, sequence=1).created_by_id),
    ],
    ids=["seller", "user who sold", "user who approved"],
)
def test_who_has_entries_stays(seller: Seller, table: str, of: Callable[[Seller], Any]) -> None:
    sql = f"""
        DELETE FROM accounts_session; DELETE FROM accounts_user_groups; DELETE FROM {table} WHERE id = %(id)s
    """
    assert refusal((sql, {"id": of(seller)})) in foreign_keys_to(table)


def test_a_user_without_entries_can_be_deleted(seller: Seller) -> None:
    run(("DELETE FROM accounts_user WHERE id = %(id)s", {"id": make_staff().pk}))
