"""The daily limit: what a seller may sell on one business day."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from apps.accounts.models import Seller
from apps.core.values.business_day import business_day
from apps.testing.api import Caller, assert_problem
from apps.testing.factories import add_credit, log_in, make_seller, owner_of, reverse, sell
from apps.testing.invariants import assert_ledger_consistent, nothing_changes
from apps.transactions.models import Wallet


@pytest.fixture
def limited(db: None) -> Seller:
    """A seller with 100.00 that may sell 30.00 a day."""
    return make_seller(balance="100.00", daily_limit="30.00")


@pytest.fixture
def caller(limited: Seller) -> Caller:
    """The owner of `limited`."""
    return log_in(owner_of(limited))


def _today(caller: Caller) -> tuple[str, str]:
    balance = caller.get("sellers/me/balance/").body
    return balance["spent_today"], balance["available_today"]


def _yesterday(seller: Seller) -> None:
    """Make today's spending yesterday's."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE transactions_wallet SET spent_on = spent_on - 1 WHERE seller_id = %s", [seller.pk])


def test_a_sale_up_to_the_limit_succeeds(caller: Caller) -> None:
    assert caller.charge("30.00").status == 201
    assert _today(caller) == ("30.00", "0.00")


def test_a_sale_over_the_limit_is_refused(caller: Caller) -> None:
    caller.charge("20.00")

    with nothing_changes():
        answer = caller.charge("10.01")

    assert_problem(
        answer, 409, "daily_limit_exceeded", daily_limit="30.00", spent_today="20.00", available_today="10.00"
    )


def test_a_balance_that_is_too_small_is_told_first(caller: Caller) -> None:
    with nothing_changes():
        answer = caller.charge("100.01")

    assert answer.body["code"] == "insufficient_balance"


def test_a_limit_below_the_days_sales_stops_sales_only(caller: Caller, limited: Seller) -> None:
    first = sell(limited, "10.00")
    caller.charge("10.00")
    Seller.objects.filter(pk=limited.pk).update(daily_limit="5.00")

    with nothing_changes():
        assert caller.charge("0.01").body["code"] == "daily_limit_exceeded"
    add_credit(limited, "50.00")
    reverse(first)
    assert Wallet.objects.get(pk=limited.pk).balance == 140
    assert_ledger_consistent()


def test_a_new_day_begins_at_zero(caller: Caller, limited: Seller) -> None:
    caller.charge("30.00")
    _yesterday(limited)

    assert _today(caller) == ("0.00", "30.00")
    assert caller.charge("30.00").status == 201
    assert caller.charge("0.01").body["code"] == "daily_limit_exceeded"


def test_a_reversal_of_a_sale_of_today_gives_its_amount_back(caller: Caller, limited: Seller) -> None:
    entry = sell(limited, "30.00")
    reverse(entry)

    assert _today(caller) == ("0.00", "30.00")
    assert caller.charge("30.00").status == 201
    assert_ledger_consistent()


def test_a_limit_below_what_was_spent_leaves_nothing_rather_than_less(caller: Caller, limited: Seller) -> None:
    caller.charge("20.00")
    Seller.objects.filter(pk=limited.pk).update(daily_limit="5.00")

    assert _today(caller) == ("20.00", "0.00")
    with nothing_changes():
        answer = caller.charge("0.01")
    assert answer.body["available_today"] == "0.00"


def test_without_a_limit_only_the_balance_counts(owner: Caller) -> None:
    assert owner.charge("100.00").status == 201
    assert owner.get("sellers/me/balance/").body["available_today"] is None


def test_a_replay_is_answered_although_the_limit_is_spent(caller: Caller) -> None:
    caller.charge("30.00", key="k")

    with nothing_changes():
        answer = caller.charge("30.00", key="k")

    assert (answer.status, answer.headers["Idempotent-Replayed"]) == (201, "true")


def test_a_credit_is_not_spending(limited: Seller) -> None:
    assert Wallet.objects.get(pk=limited.pk).spent_today == 0


@pytest.mark.parametrize(("utc", "day"), [("20:29:59", 20), ("20:30:00", 21)])
def test_a_day_is_a_day_in_the_business_time_zone(settings: Settings, utc: str, day: int) -> None:
    settings.BUSINESS_TIME_ZONE = "Asia/Tehran"  # UTC+03:30

    assert business_day(datetime.fromisoformat(f"2026-11-20T{utc}+00:00")).day == day


def test_midnight_of_another_zone_is_another_moment(settings: Settings) -> None:
    settings.BUSINESS_TIME_ZONE = "UTC"
    midnight = datetime(2026, 11, 21, tzinfo=UTC)

    assert [business_day(midnight - timedelta(seconds=1)).day, business_day(midnight).day] == [20, 21]
