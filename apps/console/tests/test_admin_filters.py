"""Filters of the back office: what they understand, what they refuse, and what an export says of them."""
# ruff: noqa: RUF001  (digits of other scripts, meant)

from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.models import Seller
from apps.console.framework.range_filters import read_amount, read_day
from apps.core.values import persian
from apps.core.values.business_day import business_day
from apps.testing.back_office import desk
from apps.testing.factories import add_credit, make_seller, sell
from apps.transactions.models import LedgerEntry

pytestmark = pytest.mark.django_db

LEDGER, EXPORT = "transactions_ledgerentry_changelist", "transactions_ledgerentry_export"
UNREADABLE = [
    {"created_at_from": "31/10/2026"},
    {"created_at_to": "2026-13-01"},
    {"created_at_from": "1405/13/1"},
    {"created_at_from": "99999999-1-1"},
    {"created_at_from": "today"},
    {"amount_from": "lots"},
    {"amount_to": "1.2.3"},
    {"amount_from": "NaN"},
    {"phone": "nonsense"},
]


@pytest.fixture
def seller() -> Seller:
    seller = make_seller(company_name="Jupiter Recharge")
    add_credit(seller, "100.00")
    sell(seller, "4.00")
    return seller


def shown(page: Any) -> list[LedgerEntry]:
    return list(page.context["cl"].result_list)


@pytest.mark.parametrize("text", ["2026-10-31", "2026/10/31", "1405/8/9", "۱۴۰۵/۸/۹", "۱۴۰۵-۰۸-۰۹", "٢٠٢٦-١٠-٣١"])
def test_days_are_read_in_both_calendars_and_all_digits(text: str) -> None:
    assert read_day(text).isoformat() == "2026-10-31"


@pytest.mark.parametrize("text", ["50000.5", "50,000.50", "۵۰٬۰۰۰٫۵", "٥٠٠٠٠٫٥"])
def test_amounts_are_read_in_all_digits(text: str) -> None:
    assert read_amount(text) == read_amount("50000.50")


@pytest.mark.parametrize("query", UNREADABLE)
def test_an_unreadable_filter_is_an_error_at_its_field_and_leaves_no_rows(
    seller: Seller, query: dict[str, str]
) -> None:
    page = desk("auditor").get(LEDGER, **query)

    assert page.status_code == 200
    assert shown(page) == []
    [[name, _value]] = query.items()
    forms = [
        choice.get("form") for one in page.context["cl"].filter_specs for choice in one.choices(page.context["cl"])
    ]
    [errors] = [form.errors[name] for form in forms if form and name in form.errors]
    assert [str(said) for said in page.context["messages"]] == list(errors)


@pytest.mark.parametrize("query", UNREADABLE)
def test_an_unreadable_filter_exports_nothing(seller: Seller, query: dict[str, str]) -> None:
    answer = desk("auditor").get(EXPORT, **query)

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse(f"admin:{LEDGER}"))


def test_a_persian_reader_filters_by_a_day_as_it_is_shown(seller: Seller) -> None:
    today = business_day(LedgerEntry.objects.latest("pk").created_at)

    page = desk("auditor").get(LEDGER, created_at_from=persian.day_with_year(today), amount_from="۴", amount_to="۴٫۰۰")

    assert [str(row.amount) for row in shown(page)] == ["4.00"]


def test_filters_in_use_are_named_and_can_be_taken_away(seller: Seller) -> None:
    query = {"seller": str(seller.pk), "type": "charge_sale", "amount_from": "1"}

    chips = desk("auditor").get(LEDGER, **query).content.decode()

    for text in ("Seller: <bdi>Jupiter Recharge", "Type: <bdi>Charge", "Amount from: <bdi>1"):
        assert text in chips
    assert f'href="?amount_from=1&amp;seller={seller.pk}"' in chips


def test_an_export_names_its_filters_in_its_file_name_and_its_first_lines(seller: Seller) -> None:
    answer: Any = desk("auditor").get(EXPORT, seller=str(seller.pk), amount_from="4")

    name = answer["Content-Disposition"]
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert "jupiter-recharge" in name
    assert "amount_from-4" in name
    assert lines[:2] == ["# Seller: Jupiter Recharge", "# Amount from: 4"]
    assert lines[2].startswith("id,")


def test_an_export_without_filters_says_so(seller: Seller) -> None:
    answer: Any = desk("auditor").get(EXPORT)

    assert b"".join(answer.streaming_content).decode().splitlines()[0] == "# No filters: every entry"


def test_the_count_stands_apart_from_the_pages() -> None:
    for _ in range(52):
        make_seller()

    page = " ".join(desk("auditor").get("accounts_seller_changelist").content.decode().split())

    assert '<div class="py-4 ms-auto">52 sellers</div>' in page
