"""The number and the amount above a filtered ledger, and its open search for a phone number."""

# ruff: noqa: RUF001  (Persian digits, meant)

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

from apps.accounts.models import Seller
from apps.core.values.business_day import business_day
from apps.testing.back_office import desk
from apps.testing.factories import add_credit, make_seller, reverse, sell
from apps.transactions.models import LedgerEntry
from apps.transactions.totals import summaries, tallies

pytestmark = pytest.mark.django_db

LEDGER = "transactions_ledgerentry_changelist"


@pytest.fixture
def seller() -> Seller:
    seller = make_seller()
    add_credit(seller, "100.00")
    sell(seller, "10.00", phone_number="+989121111111")
    reverse(sell(seller, "20.00"))
    other = make_seller(balance="50.00")
    sell(other, "7.00")
    return seller


def summarize(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries, "LAG", timedelta(0))
    while summaries.add_next_batch():
        pass


def tally(**query: object) -> str:
    answer: Any = desk("support").get(LEDGER, **{name: str(value) for name, value in query.items()})
    return str(answer.context["cl"].tally).replace("\u00a0IRR", "")


EVERYTHING = "Entries: 6 · Charge sale 37.00 · Credit increase 150.00 · Reversal 20.00"


def today() -> object:
    return business_day(LedgerEntry.objects.latest("id").created_at)


FILTERS: dict[str, tuple[Callable[[Seller], dict[str, object]], str]] = {
    "seller": (
        lambda seller: {"seller": seller.pk},
        "Entries: 4 · Charge sale 30.00 · Credit increase 100.00 · Reversal 20.00",
    ),
    "type": (lambda _: {"type": "charge_sale"}, "Entries: 3 · Charge sale 37.00"),
    "seller and type": (
        lambda seller: {"seller": seller.pk, "type": "reversal"}, "Entries: 1 · Reversal 20.00",
    ),
    "today": (lambda _: {"created_at_from": today(), "created_at_to": today()}, EVERYTHING),
    "seller, today": (
        lambda seller: {"seller": seller.pk, "created_at_from": today()},
        "Entries: 4 · Charge sale 30.00 · Credit increase 100.00 · Reversal 20.00",
    ),
    "until long ago": (lambda _: {"created_at_to": "2020-01-01"}, "Entries: 0"),
    "until the end of time": (lambda _: {"created_at_to": "9999-12-31"}, EVERYTHING),
    "phone": (lambda _: {"phone": "0912 111 1111"}, "Entries: 1 · Charge sale 10.00"),
    "amount": (
        lambda _: {"amount_from": "20", "amount_to": "60"},
        "Entries: 3 · Charge sale 20.00 · Credit increase 50.00 · Reversal 20.00",
    ),
    "nothing": (lambda _: {}, ""),
    "unreadable": (lambda _: {"created_at_from": "x"}, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("kept", ["none", "some", "all"])
def test_a_filtered_list_is_counted_and_added_up(
    seller: Seller, name: str, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the kept totals have none of the entries yet, some or all of them."""
    if kept == "some":
        reversal = LedgerEntry.objects.get(type="reversal").pk
        monkeypatch.setattr(summaries, "LAG", timedelta(0))
        monkeypatch.setattr(summaries, "uuid7_at", lambda *_, **__: reversal)
    if kept != "none":
        summarize(monkeypatch)
    query, expected = FILTERS[name]
    assert tally(**query(seller)) == expected


def test_more_rows_than_are_counted_are_said_to_be_more(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "MOST_ROWS", 2)
    assert tally(amount_from="1").startswith("More than")
    assert tally(amount_from="100").startswith("Entries: 1 ")


@pytest.mark.django_db(transaction=True)
def test_a_count_that_takes_too_long_is_given_up_and_the_page_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    seller = make_seller(balance="10.00")
    slow = LedgerEntry.objects.filter(seller=seller).extra(where=["pg_sleep(1) IS NOT NULL"])
    monkeypatch.setattr(tallies, "LIMIT_MILLISECONDS", 20)
    assert tallies.tally_rows(slow).types is None
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] != "20ms"


def test_a_phone_number_is_searched_for_in_the_open_and_other_filters_stay(seller: Seller) -> None:
    query = {"type": "charge_sale", "before": "0197f3a0-7c1e-7b6a-9d1f-3f6f0c2f8a11", "phone": "0912 111 1111"}
    page = desk("support").get(LEDGER, **query).content.decode()
    form = page[page.index('class="console-phone"') :].split("</form>")[0]
    assert 'name="phone" value="0912 111 1111"' in form
    assert '<input type="hidden" name="type" value="charge_sale">' in form
    assert "before" not in form


@override_settings(LANGUAGE_CODE="fa")
def test_sums_are_in_the_readers_digits(seller: Seller) -> None:
    assert "۳۷٫۰۰" in tally(type="charge_sale")
