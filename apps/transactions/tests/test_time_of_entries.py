"""The clock of money: PostgreSQL refuses entries and wallets that are not dated now; its owner may load old ones."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from apps.accounts.models import AuditEvent, Seller
from apps.core.values.ids import uuid7_at
from apps.testing.constraints import Row, database_as, refused_by
from apps.testing.factories import make_seller, sell
from apps.testing.history import history_of, load_history, old_seller
from apps.testing.invariants import assert_ledger_consistent, nothing_changes
from apps.testing.raw_entries import next_sale, post
from apps.transactions.models import LedgerEntry, Wallet

pytestmark = pytest.mark.django_db(transaction=True)

AGE = timedelta(days=40)  # of the last entry: all that is dated after it would follow it
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOT_NOW, OTHER_ID, WALLET_DIFFERS = "entry_is_dated_now", "entry_id_is_of_its_time", "wallet_matches_ledger"
FUTURE = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def dormant() -> Seller:
    """A seller whose last sale is old."""
    return old_seller(AGE)


def dated(moment: datetime) -> Row:
    return {"created_at": moment, "id": uuid7_at(moment)}


def ago(span: timedelta) -> Row:
    return dated(timezone.now() - span)


def now_with(**changes: object) -> Row:
    return ago(timedelta()) | changes


def now_with_digit(place: int, digit: str) -> Row:
    row = ago(timedelta())
    return row | {"id": f"{str(row['id'])[:place]}{digit}{str(row['id'])[place + 1 :]}"}


# How each forgery changes a sale that is dated now, and what refuses it.
FORGERIES: dict[str, tuple[Callable[[], Row], str]] = {
    "a minute ago": (lambda: ago(timedelta(minutes=1)), NOT_NOW),
    "an hour ago": (lambda: ago(HOUR), NOT_NOW),
    "a day ago, within a closed statement": (lambda: ago(DAY), NOT_NOW),
    "a month ago": (lambda: ago(timedelta(days=30)), NOT_NOW),
    "before the last entry": (lambda: ago(AGE + DAY), "entry_extends_chain"),
    "in a minute": (lambda: ago(-timedelta(minutes=1)), NOT_NOW),
    "in 2100": (lambda: dated(FUTURE), NOT_NOW),
    "infinity": (lambda: now_with(created_at="infinity"), NOT_NOW),
    "-infinity": (lambda: now_with(created_at="-infinity"), "entry_extends_chain"),
    "in the year 99999": (lambda: now_with(created_at="99999-01-01Z"), NOT_NOW),
    "an hour ago, with the id of now": (lambda: now_with(created_at=timezone.now() - HOUR), NOT_NOW),
    "now, with the id of an hour ago": (lambda: now_with(id=uuid7_at(timezone.now() - HOUR)), OTHER_ID),
    "now, with an id before the last": (
        lambda: now_with(id=uuid7_at(timezone.now() - AGE - DAY)), "entry_extends_chain",
    ),
    "now, with the id of tomorrow": (lambda: now_with(id=uuid7_at(timezone.now() + DAY)), OTHER_ID),
    "now, with the id of the next millisecond": (
        lambda: now_with(id=uuid7_at(timezone.now() + timedelta(milliseconds=1))), OTHER_ID,
    ),
    "now, with an id of version 4": (lambda: now_with_digit(14, "4"), OTHER_ID),
    "now, with an id of version 8": (lambda: now_with_digit(14, "8"), OTHER_ID),
    "now, with an id of no variant": (lambda: now_with_digit(19, "0"), OTHER_ID),
    "now, with a random id": (lambda: now_with(id=f"f{str(uuid4())[1:]}"), OTHER_ID),
    "now, with an id of all ones": (lambda: now_with(id="ffffffff-ffff-ffff-ffff-ffffffffffff"), OTHER_ID),
}  # fmt: skip


@pytest.mark.parametrize("role", ["app", "owner"])
@pytest.mark.parametrize("forgery", FORGERIES)
def test_an_entry_is_refused_when_it_is_dated(dormant: Seller, forgery: str, role: str) -> None:
    forge, constraint = FORGERIES[forgery]
    with refused_by(constraint), database_as(role) as cursor:
        post(cursor, next_sale(dormant) | forge())


def test_an_entry_that_is_dated_now_is_taken(dormant: Seller) -> None:
    with database_as("app") as cursor:
        post(cursor, next_sale(dormant) | now_with())
    sell(dormant)
    assert_ledger_consistent()


def test_the_application_does_not_open_the_past_for_itself(dormant: Seller) -> None:
    with refused_by(NOT_NOW), database_as("app") as cursor:
        cursor.execute("SET sharj.loads_history = on")
        post(cursor, next_sale(dormant) | ago(DAY))


WALLET_MOMENTS = [
    "'2100-01-01'",
    "'infinity'",
    "'-infinity'",
    "'2020-01-01'",
    "NULL",
    "last_entry_at - interval '1 us'",
]


def date_wallet(cursor: Any, moment: str, seller: Seller) -> None:
    cursor.execute(f"SELECT ({moment})::text FROM transactions_wallet WHERE seller_id = %s", [seller.pk])
    [value] = cursor.fetchone()
    cursor.execute("UPDATE transactions_wallet SET last_entry_at = %s WHERE seller_id = %s", [value, seller.pk])


@pytest.mark.parametrize("role", ["app", "owner"])
@pytest.mark.parametrize("moment", WALLET_MOMENTS)
def test_a_wallet_is_dated_as_its_newest_entry(dormant: Seller, moment: str, role: str) -> None:
    with refused_by(WALLET_DIFFERS), database_as(role) as cursor:
        date_wallet(cursor, moment, dormant)


@pytest.mark.parametrize("moment", WALLET_MOMENTS)
def test_a_wallet_is_dated_as_the_entry_that_moves_it(dormant: Seller, moment: str) -> None:
    with refused_by(WALLET_DIFFERS), database_as("app") as cursor:
        post(cursor, next_sale(dormant) | now_with())
        date_wallet(cursor, moment, dormant)


def test_a_wallet_without_entries_has_no_date() -> None:
    seller = make_seller()
    with refused_by(WALLET_DIFFERS), database_as("app") as cursor:
        date_wallet(cursor, "'infinity'", seller)


def test_history_is_loaded_with_a_line_in_the_trail() -> None:
    seller = make_seller()
    assert load_history(history_of(seller, AGE)).startswith("2 entries were added.")
    [line] = AuditEvent.objects.filter(action="load history")
    assert line.subject_name == "history.sql"
    assert line.detail.startswith("from the former system; by ")
    assert "SHA-256" in line.detail
    assert (
        Wallet.objects.get(pk=seller.pk).last_entry_at == LedgerEntry.objects.get(seller=seller, sequence=2).created_at
    )
    sell(seller)
    assert_ledger_consistent()


SPOILERS: dict[str, Callable[[str], str]] = {
    "dated in the future": lambda sql: re.sub(r"'\d{4}-(\d\d-\d\dT)", r"'2100-\1", sql),
    "dated -infinity": lambda sql: re.sub(r"'\d{4}-\d\d-\d\dT[^']+'", "'-infinity'", sql),
    "not SQL": lambda sql: f"{sql} nonsense;",
    "without its wallet": lambda sql: sql.split("UPDATE")[0],
    "empty": lambda sql: "SELECT 1",
}


@pytest.mark.parametrize("spoil", SPOILERS)
def test_history_that_breaks_a_rule_loads_nothing(spoil: str) -> None:
    history = SPOILERS[spoil](history_of(make_seller(), AGE))
    lines = AuditEvent.objects.count()
    with nothing_changes(), pytest.raises(CommandError, match="Nothing was loaded"):
        load_history(history)
    assert AuditEvent.objects.count() == lines


def test_history_that_commits_by_itself_has_its_line_all_the_same(dormant: Seller) -> None:
    seller = make_seller()
    lines = AuditEvent.objects.count()
    with pytest.raises(CommandError):
        load_history(f"{history_of(seller, AGE)} COMMIT; SELECT 1 / 0")
    assert LedgerEntry.objects.filter(seller=seller).count() == 2
    assert AuditEvent.objects.count() == lines + 1


def test_a_missing_file_is_told() -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("load_history", "/nonexistent.sql", reason="x")
