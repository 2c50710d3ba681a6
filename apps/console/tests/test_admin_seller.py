"""The page of a seller: its figures, its timeline, and the statement of a month."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.models import AuditEvent, Seller
from apps.accounts.sellers import services
from apps.console.panels import timeline
from apps.core.values.business_day import business_day
from apps.testing.back_office import Desk, desk
from apps.testing.factories import (
    add_credit,
    file_request,
    log_in,
    make_seller,
    make_staff,
    make_user,
    owner_of,
    sell,
)
from apps.testing.factories import (
    reverse as reverse_entry,
)
from apps.transactions.models import DailyTotal, LedgerEntry
from apps.transactions.reconciliation.runs import run_reconciliation
from apps.transactions.statements import export
from apps.transactions.totals import figures, summaries

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller() -> Seller:
    seller = make_seller(company_name="Jupiter Recharge", daily_limit="500.00")
    add_credit(seller, "100.00")
    return seller


def page(person: Desk, seller: Seller, **query: str) -> Any:
    return person.get("accounts_seller_change", seller.pk, **query)


def plain(markup: object) -> str:
    return re.sub("<[^>]+>|\u00a0IRR", "", str(markup))


def told(answer: Any) -> list[tuple[str, str, str]]:
    return [(plain(row.kind), plain(row.text), plain(row.amount)) for row in answer.context["timeline"].rows]


def test_the_figures_answer_the_first_questions(seller: Seller) -> None:
    sell(seller, "30.00")
    file_request(seller, "70.00")
    run_reconciliation()

    [panel] = page(desk("auditor"), seller).context["figures"]

    shown = {str(name): plain(value) for name, value in panel.figures}
    assert shown.pop("Last charge") != "–"  # noqa: RUF001  (the dash that the page shows)  (the sign of an empty cell)
    assert shown.pop("Books agree since") != "–"  # noqa: RUF001  (the dash that the page shows)
    assert shown == {
        "Balance": "70.00",
        "Sold today": "30.00",
        "Daily limit": "500.00",
        "Left today": "470.00",
        "Waiting credit": "70.00 (1)",
    }


def test_figures_come_first_then_the_timeline_then_the_form(seller: Seller) -> None:
    text = page(desk("admin"), seller).content.decode()
    places = [text.index(mark) for mark in ("console-figures", 'id="timeline"', 'name="company_name"', "<canvas")]
    assert places == sorted(places)


def test_the_timeline_tells_everything_of_a_seller_in_one_order(seller: Seller) -> None:
    admin = make_staff("admin")
    sale = sell(seller, "30.00")
    reverse_entry(sale, "wrong number")
    for amount in ("1.00", "2.00"):
        sell(seller, amount)
    services.suspend_seller(seller_id=seller.pk, changed_by=admin, reason="unpaid")
    log_in(owner_of(seller))

    rows = told(page(desk("auditor"), seller))

    name = owner_of(seller).username
    assert rows[0] == ("Charge sale", "3 charges", "-33.00")  # of the whole day, so it stands at its end
    assert next(row for row in rows if row[0] == "log in")[1].startswith(name)
    assert ("suspend", "unpaid", "") in rows
    assert ("Reversal", "wrong number", "+30.00") in rows
    assert ("Credit increase", "#1", "+100.00") in rows
    assert ("Approved", "Credit request of 100.00", "") in rows
    assert rows.index(("suspend", "unpaid", "")) < rows.index(("Reversal", "wrong number", "+30.00"))


@pytest.mark.parametrize("role", ["support", "credit_approver"])
def test_steps_and_logins_are_told_to_auditors_only(seller: Seller, role: str) -> None:
    AuditEvent.objects.create(action="change", subject="accounts.seller", subject_id=str(seller.pk), request_id="-")
    log_in(owner_of(seller))
    kinds = {kind for kind, _text, _amount in told(page(desk(role), seller))}
    assert kinds == {"Credit increase", "Approved"}
    assert {"change", "log in"} <= {kind for kind, _text, _amount in told(page(desk("auditor"), seller))}


def test_logins_of_one_user_that_follow_each_other_are_one_row(seller: Seller) -> None:
    for _ in range(3):
        log_in(owner_of(seller))
    log_in(make_user(seller))
    logins = [text for kind, text, _amount in told(page(desk("auditor"), seller)) if kind == "log in"]
    assert len(logins) == 2
    assert logins[1].endswith("· 3 times")


def test_pages_join_without_a_gap_and_without_a_repetition(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        reverse_entry(sell(seller, f"{number + 1}.00"), f"reason {number}")
    person = desk("support")
    monkeypatch.setattr(timeline, "ROWS", 100)
    whole = told(page(person, seller))
    for rows in (1, 3, 4):
        monkeypatch.setattr(timeline, "ROWS", rows)
        found, answer = [], page(person, seller)
        for _page in range(30):
            found += told(answer)
            older = answer.context["timeline"].older
            if older is None:
                break
            answer = page(person, seller, before=re.findall("before=([0-9.]+)", older)[0])
        assert found == whole, rows
    assert len(whole) == 1 + 6 + 1 + 1


@pytest.mark.parametrize("before", ["", "x", "nan", "inf", "-1", "1e99", "2026-01-01", "9" * 400])
def test_an_unreadable_page_is_the_newest(seller: Seller, before: str) -> None:
    assert page(desk("support"), seller, before=before).status_code == 200


def test_charges_of_a_day_are_those_of_the_totals_and_those_that_are_not_in_them_yet(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summaries, "LAG", timedelta(0))
    sell(seller, "10.00")
    while summaries.add_next_batch():
        pass
    assert DailyTotal.objects.filter(seller=seller, type="charge_sale").count() == 1
    sell(seller, "5.00")
    sell(make_seller(balance="9.00"), "9.00")
    today = business_day(LedgerEntry.objects.latest("id").created_at)
    day = timedelta(days=1)
    assert [(found, number, str(amount)) for found, number, amount in figures.charges_by_day(
        seller.pk, before=today + day, most=5
    )] == [(today, 2, "15.00")]  # fmt: skip
    assert figures.charges_by_day(seller.pk, before=today, most=5) == []


def test_the_statement_of_a_month_is_offered_and_recorded(seller: Seller) -> None:
    person = desk("support")
    months = page(person, seller).context["months"]
    address = reverse("admin:accounts_seller_statement", args=[seller.pk])
    pdf = person.client.get(address, {"month": str(months[0]), "format": "pdf"})
    csv: Any = person.client.get(address, {"month": str(months[0]), "format": "csv"})
    assert (pdf.status_code, pdf["Content-Type"], pdf.content[:5]) == (200, "application/pdf", b"%PDF-")
    assert "Jupiter Recharge" in b"".join(csv.streaming_content).decode()
    assert AuditEvent.objects.filter(action="export ledger", actor=person.user, subject_id=str(seller.pk)).count() == 2


def test_months_go_back_to_the_registration_in_the_readers_calendar(seller: Seller) -> None:
    Seller.objects.filter(pk=seller.pk).update(created_at=seller.created_at - timedelta(days=70))
    assert len(page(desk("support"), seller).context["months"]) in (3, 4)
    person = desk("support")
    person.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fa"
    assert all(month.is_jalali for month in page(person, seller).context["months"])


@pytest.mark.parametrize("query", [{}, {"month": "x"}, {"month": "9000-01"}, {"month": "8999-12", "format": "csv"}])
def test_a_statement_that_cannot_be_made_is_told_on_the_page(seller: Seller, query: dict[str, str]) -> None:
    person = desk("support")
    answer = person.client.get(reverse("admin:accounts_seller_statement", args=[seller.pk]), query)
    assert (answer.status_code, answer["Location"]) == (302, reverse("admin:accounts_seller_change", args=[seller.pk]))
    assert len(person.messages()) == 1


def test_a_statement_that_is_too_long_for_a_pdf_is_told(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST_PDF_ENTRIES", 0)
    person = desk("support")
    month = str(page(person, seller).context["months"][0])
    person.client.get(reverse("admin:accounts_seller_statement", args=[seller.pk]), {"month": month})
    assert person.messages() == ["This statement has 1 entries, and a PDF at most 0. Ask for CSV, or a shorter time."]


def test_a_statement_is_for_staff_with_a_role(seller: Seller) -> None:
    address = reverse("admin:accounts_seller_statement", args=[seller.pk])
    assert desk().client.get(address).status_code == 403
    assert Desk(owner_of(seller)).client.get(address).status_code == 302
    unknown = reverse("admin:accounts_seller_statement", args=[owner_of(seller).pk])
    assert desk("support").client.get(unknown).status_code == 404
