"""The home page, a seller's page and the ledger's list: contents, filters and a constant number of queries."""

import html
import json
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import Seller
from apps.core.values.business_day import day_begins
from apps.testing.back_office import desk
from apps.testing.factories import add_credit, file_request, log_in, make_seller, owner_of, sell
from apps.transactions.models import DailyTotal, HourlyTotal, LedgerEntry, Wallet
from apps.transactions.totals import figures, summaries

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries, "LAG", timedelta(seconds=-5))


def panels(response: Any) -> dict[str, Any]:
    found = response.context["panels"]
    return {panel.title: panel for panel in found}


def money(text: str) -> str:
    return f"{text}\u00a0IRR"


def test_the_home_page_says_what_waits_and_what_was_sold() -> None:
    make_seller(status=Seller.Status.PENDING, company_name="Newcomer")
    seller = make_seller(daily_limit="100")
    add_credit(seller, "200.00")
    sell(seller, "90.00")
    file_request(seller, "70.00")
    log_in(owner_of(seller)).charge("500.00")  # refused
    page = panels(desk("admin").get("index"))
    assert "Newcomer" in str(page["Sellers to verify"].rows)
    assert ("Total", money("70.00")) in page["Credit requests to decide"].figures
    assert page["Charges today"].figures[0] == ("So far today", money("90.00"))
    assert page["Credit today"].figures[0] == ("So far today", money("200.00"))
    assert page["Charges of the last seven days"].figures == (("Charges", money("90.00")),)
    assert page["Credit of the last seven days"].figures == (("Credit", money("200.00")),)
    assert page["Top sellers of the week"].rows[0][1:] == (1, money("90.00"))
    assert page["Refused charges today"].rows == [("The balance is too small", 1)]
    assert "near its limit" in str(page["Sellers to call"].rows)


def total(day: date, hour: int, amount: str, type_: str = "charge_sale") -> None:
    HourlyTotal.objects.create(hour=figures.hours_of(day)[hour], type=type_, entries=1, amount=Decimal(amount))


def test_today_is_compared_with_earlier_days_at_this_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    day = date(2026, 11, 26)  # a Thursday
    moment = day_begins(day) + timedelta(hours=14, minutes=40)
    monkeypatch.setattr("apps.transactions.totals.figures.timezone.now", lambda: moment)
    for of_day, early, present in (
        (day, "120", "30"),
        (date(2026, 11, 25), "100", "500"),
        (date(2026, 11, 19), "160", "7"),
    ):
        total(of_day, 13, early)
        total(of_day, 14, present)  # an hour that is not over in any of the days that are compared
    total(day, 9, "1000", "credit_increase")
    page = panels(desk("admin").get("index"))
    figures_ = {name: str(value) for name, value in page["Charges today"].figures}
    assert figures_["So far today"] == money("150.00")
    assert figures_["Today until 14:00"] == money("120.00")
    assert figures_["Yesterday until 14:00"] == f"{money('100.00')} <small>today +20 %</small>"
    assert figures_["Thursday last week until 14:00"] == f"{money('160.00')} <small>today \u221225 %</small>"
    credit = dict(page["Credit today"].figures)
    assert credit["Today until 14:00"] == money("1,000.00")
    assert credit["Yesterday until 14:00"] == money("0.00")  # nothing to compare with


def test_the_home_page_tells_its_script_when_to_refresh_it() -> None:
    page = desk("support").get("index").content.decode()
    assert 'data-refresh-seconds="30"' in page
    assert "console/home.js" in page


def test_the_menu_counts_what_waits_and_asks_once_in_a_few_seconds() -> None:
    cache.clear()
    make_seller(status=Seller.Status.PENDING)
    for _ in range(2):
        file_request(make_seller())
    support = desk("support")
    with CaptureQueriesContext(connection) as first:
        page = support.get("transactions_wallet_changelist").content.decode()
    with CaptureQueriesContext(connection) as second:
        support.get("transactions_wallet_changelist")
    assert re.findall('console-count">([0-9]+)<', page) == ["2", "1"]
    assert len(first) == len(second) + 2
    assert "badges" not in page  # the theme would show a path where a count is empty


def test_a_chart_is_set_up_by_data_attributes_and_told_as_a_table() -> None:
    add_credit(make_seller(), "200.00")
    page = desk("admin").get("index").content.decode()
    [_, today, *_] = re.findall(r'<canvas class="chart" data-options="(.*?)" data-type="bar" data-value="(.*?)"', page)
    data = json.loads(html.unescape(today[1]))
    assert [series["label"] for series in data["datasets"]][:2] == ["Today", "Yesterday"]
    assert sum(data["datasets"][0]["data"]) == 200
    assert json.loads(html.unescape(today[0]))["locale"] == "en"
    assert '<td class="number">200.00\u00a0IRR</td>' in page
    assert "<script>" not in page  # the Content-Security-Policy refuses it


def test_totals_count_each_entry_once() -> None:
    seller = make_seller()
    add_credit(seller, "100.00")
    sell(seller, "10.00")
    while summaries.add_next_batch():
        pass
    sell(seller, "5.00")
    while summaries.add_next_batch():
        pass
    assert sum(HourlyTotal.objects.values_list("amount", flat=True)) == 115
    assert sum(DailyTotal.objects.values_list("entries", flat=True)) == 3


def test_batches_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries, "BATCH_ENTRIES", 2)
    seller = make_seller()
    add_credit(seller, "100.00")
    for _ in range(4):
        sell(seller, "1.00")
    batches = 0
    while summaries.add_next_batch():
        batches += 1
    assert batches == 3
    assert sum(DailyTotal.objects.values_list("entries", flat=True)) == 5


def test_more_data_costs_the_home_page_no_more_queries() -> None:
    admin, counts = desk("admin"), []
    admin.get("index")
    for _ in range(2):
        for _ in range(3):
            seller = make_seller()
            add_credit(seller, "100.00")
            sell(seller)
            file_request(seller)
        while summaries.add_next_batch():
            pass
        with CaptureQueriesContext(connection) as queries:
            assert admin.get("index").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 27


def test_a_sellers_page_shows_its_money_in_a_constant_number_of_queries() -> None:
    seller, admin, counts = make_seller(), desk("admin"), []
    admin.get("accounts_seller_change", seller.pk)
    for _ in range(2):
        add_credit(seller, "100.00")
        sell(seller, "10.00")
        with CaptureQueriesContext(connection) as queries:
            response = admin.get("accounts_seller_change", seller.pk)
        counts.append(len(queries))
    page = panels(response)
    assert page["Balance"].chart.rows[-1][1] == money("180.00")
    assert "Users" in page
    assert counts[0] == counts[1]


def test_reconcile_on_a_sellers_page_says_the_verdict() -> None:
    seller, support = make_seller(company_name="Mehr"), desk("support")
    add_credit(seller, "40.00")
    back = reverse("admin:accounts_seller_change", args=[seller.pk])
    response = support.act("transactions_wallet", "reconcile", seller, next=back)
    assert response["Location"] == back
    assert any(
        f"Mehr: balance {money('40.00')}, ledger {money('40.00')}" in said and "agree" in said
        for said in support.messages()
    )


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Seller:
    """Return a seller with five entries; pages hold two."""
    from django.contrib import admin

    monkeypatch.setattr(admin.site.get_model_admin(LedgerEntry), "list_per_page", 2)
    seller = make_seller()
    add_credit(seller, "100.00")
    for amount in ("1.00", "2.00", "3.00"):
        sell(seller, amount)
    sell(seller, "4.00", phone_number="+989351234567")
    return seller


def amounts(response: Any) -> list[str]:
    return [str(row.amount) for row in response.context["cl"].result_list]


def test_the_ledger_turns_pages_by_id(ledger: Seller) -> None:
    reader = desk("auditor")
    page = reader.get("transactions_ledgerentry_changelist")
    assert (amounts(page), page.context["cl"].newer) == (["4.00", "3.00"], None)
    page = reader.client.get(reverse("admin:transactions_ledgerentry_changelist") + page.context["cl"].older)
    assert amounts(page) == ["2.00", "1.00"]
    older = page.context["cl"].older
    last = reader.client.get(reverse("admin:transactions_ledgerentry_changelist") + older)
    assert (amounts(last), last.context["cl"].older) == (["100.00"], None)
    back = reader.client.get(reverse("admin:transactions_ledgerentry_changelist") + last.context["cl"].newer)
    assert amounts(back) == ["2.00", "1.00"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"phone": "0935 123 4567"}, ["4.00"]),
        ({"phone": "۰۹۳۵۱۲۳۴۵۶۷"}, ["4.00"]),
        ({"phone": "nonsense"}, []),
        ({"type": "credit_increase"}, ["100.00"]),
        ({"amount_from": "2", "amount_to": "3"}, ["3.00", "2.00"]),
        ({"created_at_to": "2020-01-01"}, []),
        ({"created_at_from": "2020-01-01", "amount_from": "100"}, ["100.00"]),
        ({"before": "nonsense"}, ["4.00", "3.00"]),
    ],
)
def test_the_ledger_is_filtered(ledger: Seller, query: dict[str, str], found: list[str]) -> None:
    assert amounts(desk("support").get("transactions_ledgerentry_changelist", **query)) == found


def test_the_export_is_what_the_filters_leave(ledger: Seller) -> None:
    response: Any = desk("auditor").get("transactions_ledgerentry_export", phone="+989351234567")
    lines = b"".join(response.streaming_content).decode().splitlines()
    assert len(lines) == 3
    assert "+989351234567" in lines[2]


def test_an_admin_reverses_with_a_reason(ledger: Seller) -> None:
    admin, sale = desk("admin"), LedgerEntry.objects.get(amount="4.00")
    assert admin.act("transactions_ledgerentry", "reverse", sale, reason="").status_code == 200
    admin.act("transactions_ledgerentry", "reverse", sale, reason="Wrong number")
    assert LedgerEntry.objects.get(reverses=sale).description == "Wrong number"
    assert Wallet.objects.get(pk=ledger.pk).balance == 94
    admin.act("transactions_ledgerentry", "reverse", sale, reason="Again")
    assert any("already reversed" in said for said in admin.messages())
