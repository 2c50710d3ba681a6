"""The home page, a seller's page and the ledger's list: contents, filters and a constant number of queries."""

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import Seller
from apps.testing.back_office import desk
from apps.testing.factories import add_credit, file_request, log_in, make_seller, owner_of, sell
from apps.transactions.models import DailyTotal, HourlyTotal, LedgerEntry, Wallet
from apps.transactions.totals import summaries

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries, "LAG", timedelta(seconds=-5))


def panels(response: Any) -> dict[str, Any]:
    found = response.context["panels"]
    return {panel.title: panel for panel in found}


def test_the_home_page_says_what_waits_and_what_was_sold() -> None:
    make_seller(status=Seller.Status.PENDING, company_name="Newcomer")
    seller = make_seller(daily_limit="100")
    add_credit(seller, "200.00")
    sell(seller, "90.00")
    file_request(seller, "70.00")
    log_in(owner_of(seller)).charge("500.00")  # refused
    page = panels(desk("admin").get("index"))
    assert "Newcomer" in str(page["Sellers to verify"].rows)
    assert ("Total", "70.00") in page["Credit requests to decide"].figures
    assert page["Today by hour"].figures == (("Charges", "90.00"), ("Credit", "200.00"))
    assert page["Last seven days"].figures == (("Charges", "90.00"), ("Credit", "200.00"))
    assert page["Top sellers of the week"].rows[0][1:] == (1, "90.00")
    assert page["Refused charges today"].rows == [("The balance is too small", 1)]
    assert "near its limit" in str(page["Sellers to call"].rows)


def test_a_chart_is_set_up_by_data_attributes_and_told_as_a_table() -> None:
    add_credit(make_seller(), "200.00")
    page = desk("admin").get("index").content.decode()
    [today, _] = re.findall(r'<canvas class="chart" data-options="(.*?)" data-type="bar" data-value="(.*?)"', page)
    data = json.loads(html.unescape(today[1]))
    assert [series["label"] for series in data["datasets"]] == ["Charges", "Credit"]
    assert sum(data["datasets"][1]["data"]) == 200
    assert json.loads(html.unescape(today[0]))["locale"] == "en"
    assert '<td class="number">200.00</td>' in page
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
    assert counts[0] == counts[1] <= 26


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
    assert page["Balance"].chart.rows[-1][1] == "180.00"
    assert "Users" in page
    assert counts[0] == counts[1]


def test_reconcile_on_a_sellers_page_says_the_verdict() -> None:
    seller, support = make_seller(company_name="Mehr"), desk("support")
    add_credit(seller, "40.00")
    back = reverse("admin:accounts_seller_change", args=[seller.pk])
    response = support.act("transactions_wallet", "reconcile", seller, next=back)
    assert response["Location"] == back
    assert any("Mehr: balance 40.00, ledger 40.00" in said and "agree" in said for said in support.messages())


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
        ({"type__exact": "credit_increase"}, ["100.00"]),
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
