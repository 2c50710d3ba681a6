"""Balances at a moment and statements: opening balance + entries = closing balance, and no gap between two of them."""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction

from apps.accounts.models import Seller
from apps.core.values.business_day import business_day_start
from apps.core.values.times import format_time
from apps.testing.api import Answer, Caller, assert_invalid, assert_problem
from apps.testing.factories import NEVER, log_in, make_seller, owner_of, reverse, sell
from apps.transactions.ledger.locking import lock_wallet
from apps.transactions.models import LedgerEntry
from apps.transactions.statements import selectors as statements

TICK = timedelta(microseconds=1)


@pytest.fixture
def entries(seller: Seller) -> list[LedgerEntry]:
    """The six entries of `seller`: 100.00 in, sales of 10, 20 and 30, the second undone, 5 sold."""
    sales = [sell(seller, amount) for amount in ("10.00", "20.00", "30.00")]
    reverse(sales[1])
    sell(seller, "5.00")
    return list(LedgerEntry.objects.filter(seller=seller).order_by("sequence"))


def balance(caller: Caller, at: datetime | str) -> dict[str, Any]:
    answer = caller.get("sellers/me/balance/", {"at": at if isinstance(at, str) else format_time(at)})
    assert answer.status == 200, answer.content
    return dict(answer.body)


def statement(
    caller: Caller, begin: datetime | None = None, end: datetime | None = None, **more: str
) -> dict[str, Any]:
    answer = caller.get("sellers/me/statement/", window(begin, end) | more)
    assert answer.status == 200, answer.content
    return dict(answer.body)


def window(begin: datetime | None, end: datetime | None) -> dict[str, str]:
    return {name: format_time(moment) for name, moment in (("from", begin), ("to", end)) if moment}


def test_a_balance_at_a_moment_includes_the_entry_of_that_moment(owner: Caller, entries: list[LedgerEntry]) -> None:
    for entry in entries:
        found = balance(owner, entry.created_at)
        assert (found["balance"], found["sequence"]) == (str(entry.balance_after), entry.sequence)
        assert found["as_of"] == format_time(entry.created_at)
        assert balance(owner, entry.created_at - TICK)["sequence"] == entry.sequence - 1


def test_spending_is_that_of_the_day_until_then(owner: Caller, seller: Seller, entries: list[LedgerEntry]) -> None:
    Seller.objects.filter(pk=seller.pk).update(daily_limit="50.00")
    found = [balance(owner, entry.created_at) for entry in entries]
    assert [each["spent_today"] for each in found] == ["0.00", "10.00", "30.00", "60.00", "40.00", "45.00"]
    assert [each["available_today"] for each in found] == ["50.00", "40.00", "20.00", "0.00", "10.00", "5.00"]


@pytest.mark.parametrize("first", [2, 3])
def test_another_days_spending_does_not_count(
    owner: Caller, entries: list[LedgerEntry], monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    """Neither sales before midnight do, nor that one of these is undone after it."""
    monkeypatch.setattr(statements, "business_day_start", lambda moment: entries[first].created_at)
    assert balance(owner, entries[-1].created_at)["spent_today"] == "35.00"


def test_a_business_day_begins_at_midnight_there() -> None:
    moment = datetime(2026, 1, 1, 20, 29, tzinfo=UTC)  # 23:59 in Tehran
    assert business_day_start(moment) == datetime(2025, 12, 31, 20, 30, tzinfo=UTC)
    assert business_day_start(moment + timedelta(minutes=1)) == moment + timedelta(minutes=1)


def test_a_balance_in_the_future_is_that_of_now(owner: Caller, entries: list[LedgerEntry]) -> None:
    found, now = balance(owner, "9999-12-31T23:59:59Z"), owner.get("sellers/me/balance/").body
    assert found.pop("as_of") <= now.pop("as_of")
    assert found == now


def test_a_balance_before_the_first_entry_is_zero(owner: Caller, entries: list[LedgerEntry]) -> None:
    found = balance(owner, "1900-01-01T00:00:00Z")
    assert (found["balance"], found["sequence"], found["spent_today"]) == ("0.00", 0, "0.00")


def test_a_statement_of_everything(owner: Caller, seller: Seller, entries: list[LedgerEntry]) -> None:
    found = statement(owner)
    assert found["to"] > format_time(entries[-1].created_at)
    results = found.pop("results")
    del found["to"]
    assert found == {
        "seller_id": str(seller.pk),
        "from": None,
        "opening_balance": "0.00",
        "closing_balance": "55.00",
        "total_credits": "120.00",
        "total_debits": "65.00",
        "entries": 6,
        "next": None,
        "previous": None,
    }
    assert results == owner.get("transactions/").body["results"][::-1]


@pytest.mark.parametrize("cut", range(1, 7))
def test_statements_join_without_a_gap(owner: Caller, entries: list[LedgerEntry], cut: int) -> None:
    """Also where the seam is the very moment of an entry: it belongs to the later one."""
    seam = entries[cut - 1].created_at
    whole, first, second = statement(owner), statement(owner, None, seam), statement(owner, seam)
    assert first["closing_balance"] == second["opening_balance"]
    assert first["results"] + second["results"] == whole["results"]
    assert len(first["results"]) == cut - 1
    for part in (whole, first, second):
        change = Decimal(part["total_credits"]) - Decimal(part["total_debits"])
        assert Decimal(part["opening_balance"]) + change == Decimal(part["closing_balance"])
        assert part["entries"] == len(part["results"])


def test_pages_are_of_one_window_whatever_is_sold_meanwhile(owner: Caller, entries: list[LedgerEntry]) -> None:
    page = statement(owner, page_size="4")
    figures = {name: page[name] for name in ("to", "closing_balance", "entries")}
    owner.charge("1.00")
    following = owner.get(page["next"]).body
    assert {name: following[name] for name in figures} == figures
    assert [entry["sequence"] for entry in page["results"] + following["results"]] == [1, 2, 3, 4, 5, 6]
    assert following["next"] is None
    assert owner.get(following["previous"]).body["results"] == page["results"]


def test_csv_has_all_entries_oldest_first(owner: Caller, entries: list[LedgerEntry]) -> None:
    answer = owner.get("sellers/me/statement/", window(entries[1].created_at, None), Accept="text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert (answer.status, answer.content_type) == (200, "text/csv")
    assert [row["sequence"] for row in rows] == ["2", "3", "4", "5", "6"]
    assert rows[0]["entry_hash"] == bytes(entries[1].entry_hash).hex()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"to": "1"}, "to"),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "from"),
        ({"from": "9999-01-01T00:00:00Z"}, "from"),
    ],
)
def test_a_window_that_is_none_is_refused(owner: Caller, query: dict[str, str], field: str) -> None:
    assert_invalid(owner.get("sellers/me/statement/", query), field)


def test_a_moment_that_is_none_is_refused(owner: Caller) -> None:
    assert_invalid(owner.get("sellers/me/balance/", {"at": "yesterday"}), "at")


@pytest.mark.parametrize("path", ["balance/?at=2026-01-01T00:00:00Z", "statement/"])
def test_own_and_staff_may_read(
    owner: Caller, viewer: Caller, auditor: Caller, groupless: Caller, anonymous: Caller, seller: Seller, path: str
) -> None:
    def read(caller: Caller, whose: object) -> Answer:
        return caller.get(f"sellers/{whose}/{path}")

    stranger = log_in(owner_of(make_seller()))
    assert [read(caller, seller.pk).status for caller in (owner, viewer, auditor)] == [200] * 3
    assert_problem(read(stranger, seller.pk), 404, "not_found")
    assert_problem(read(auditor, NEVER), 404, "not_found")
    assert_problem(read(groupless, seller.pk), 403, "permission_denied")
    assert_problem(read(anonymous, seller.pk), 401, "not_authenticated")


@pytest.mark.django_db(transaction=True)
def test_a_sale_that_is_not_committed_yet_is_waited_for() -> None:
    """Else a statement would end at a moment before which an entry is still to appear."""
    seller = make_seller(balance="10.00")
    locked, reading, found = Event(), Event(), []

    def read() -> None:
        locked.wait(10)
        reading.set()
        found.append(statements.get_statement(seller.pk, begin=None, end=None))
        connection.close()

    reader = Thread(target=read)
    reader.start()
    with transaction.atomic():
        moment = lock_wallet(seller.pk).now
        locked.set()
        reading.wait(10)
        reader.join(0.3)
        assert reader.is_alive()
    reader.join(10)
    assert found[0].end > moment
