"""The statement of a month as PDF and as CSV: what it says, in which language, and how it is verified."""
# ruff: noqa: RUF001  (Persian digits, meant)

import csv
import io
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation
from fpdf import FPDF

from apps.accounts.models import AuditEvent, Seller
from apps.core.values.business_day import business_day
from apps.core.values.months import Month
from apps.testing.api import Caller, assert_invalid, assert_problem
from apps.testing.factories import log_in, make_seller, owner_of, reverse, sell
from apps.transactions.models import LedgerEntry
from apps.transactions.statements import export
from apps.transactions.statements.pdf import draw
from apps.transactions.statements.sheet import Column, Sheet

pytestmark = pytest.mark.django_db

PATH = "sellers/me/statement/"
CSV, PDF = {"Accept": "text/csv"}, {"Accept": "application/pdf"}


@pytest.fixture
def seller() -> Seller:
    seller = make_seller(company_name="مهر Mobile", balance="100.00")
    sale = sell(seller, "30.00")
    sell(seller, "5.00")
    reverse(sale)
    return seller


@pytest.fixture
def company(seller: Seller) -> Caller:
    return log_in(owner_of(seller))


def this_month(*, is_jalali: bool = False) -> Month:
    return Month.of(business_day(datetime.now(UTC)), is_jalali=is_jalali)


def remarks_of(answer: Any) -> dict[str, str]:
    lines = [row[0] for row in csv.reader(io.StringIO(answer.content.decode())) if row[0].startswith("# ")]
    return dict(line[2:].partition(": ")[::2] for line in lines)


def test_the_csv_of_a_month_tells_company_period_balances_totals_and_hash(company: Caller, seller: Seller) -> None:
    answer = company.get(PATH, {"month": str(this_month())}, **CSV)
    told = remarks_of(answer)
    last = LedgerEntry.objects.filter(seller=seller).latest("id")

    assert answer.status == 200
    assert told["Company"] == "مهر Mobile"
    figures = ("Opening balance", "Total credits", "Total debits", "Closing balance", "Entries")
    assert [told[name] for name in figures] == ["0.00", "130.00", "35.00", "95.00", "4"]
    assert told["Period"].startswith(f"{this_month()}-01 00:00:00 to ")
    assert told["Hash of the last entry"] == bytes(last.entry_hash).hex()
    assert str(last.pk) in told["Last entry"]
    assert "verify_export.py --part statement-" in answer.content.decode()


def test_the_csv_of_a_month_is_verified_by_the_tool_for_auditors(company: Caller, tmp_path: Path) -> None:
    saved = tmp_path / "statement.csv"
    saved.write_bytes(company.get(PATH, {"month": str(this_month())}, **CSV).content)
    command = [sys.executable, settings.BASE_DIR / "tools/verify_export.py", "--part", saved]

    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "4 entries of 1 sellers: no fault.\n")

    saved.write_text(saved.read_text().replace(",5.00,", ",6.00,"))
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_pages_of_a_month_are_of_one_window(company: Caller) -> None:
    first = company.get(PATH, {"month": str(this_month()), "page_size": "3"}).body
    following = company.get(first["next"]).body
    assert [entry["sequence"] for entry in first["results"] + following["results"]] == [1, 2, 3, 4]
    assert (following["from"], following["to"], following["next"]) == (first["from"], first["to"], None)


def test_months_join_without_a_gap(company: Caller, seller: Seller) -> None:
    month = this_month()
    before = remarks_of(company.get(PATH, {"month": str(month.previous)}, **CSV))
    assert (before["Entries"], before["Opening balance"], before["Closing balance"]) == ("0", "0.00", "0.00")
    assert before["Period"].endswith(f"{month.first_day - timedelta(days=1)} 23:59:59 ({settings.BUSINESS_TIME_ZONE})")
    assert month.previous.end == month.begin


def test_a_persian_reader_gets_persian_words_digits_and_dates(company: Caller) -> None:
    month = this_month(is_jalali=True)
    told = remarks_of(company.get(PATH, {"month": str(month)}, **CSV, **{"Accept-Language": "fa"}))
    assert told["ماندهٔ پایانی"] == "۹۵٫۰۰"
    assert told["دوره"].startswith(f"{month.year}/".translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")))


@pytest.mark.parametrize("language", ["en", "fa"])
def test_the_pdf_is_a_document_with_its_own_fonts(company: Caller, language: str) -> None:
    answer = company.get(PATH, {"month": str(this_month())}, **PDF, **{"Accept-Language": language})
    assert (answer.status, answer.content_type) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
    assert answer.content.rstrip().endswith(b"%%EOF")
    assert answer.content.count(b"/FontFile2") == 2
    assert f"/Lang ({language})".encode() in answer.content
    assert answer.headers["Content-Disposition"].endswith('.pdf"')
    assert b"/Count 1" in answer.content


def test_the_pdf_lists_every_entry_and_repeats_the_head_of_its_table(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = Sheet(
        title="T", facts=(), advice="A", columns=[Column("Head", 90), Column("Amount", 90, is_number=True)],
        rows=((f"row {number}", "+1.00") for number in range(120)), page_name=str, language="en", is_rtl=False,
    )  # fmt: skip
    drawn: list[str] = []
    plain = FPDF.text

    def note(self: FPDF, x: float, y: float, text: str) -> None:
        drawn.append(text)
        plain(self, x, y, text)

    monkeypatch.setattr(FPDF, "text", note)
    document = draw(sheet)
    assert [text for text in drawn if text.startswith("row ")] == [f"row {number}" for number in range(120)]
    assert drawn.count("Head") == document.count(b"/Type /Page\n") == 3


def test_a_pdf_that_would_take_too_long_is_refused_and_the_csv_is_not(
    company: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MOST_PDF_ENTRIES", 3)
    query = {"month": str(this_month())}
    answer = company.get(PATH, query, **PDF)
    assert_problem(answer, 422, "statement_too_long", entries=4, most=3)
    assert company.get(PATH, query, **CSV).status == 200


@pytest.mark.parametrize(
    "query",
    [{"month": text} for text in ("2026", "2026-13", "1405-0", "0000-01", "9999-01", "2026-10-01", "x", "99999-1")]
    + [{"month": "2026-01", "from": "2026-01-01T00:00:00Z"}, {"month": "2026-01", "to": "2026-01-01T00:00:00Z"}],
)  # fmt: skip
def test_a_month_that_is_none_is_refused(company: Caller, query: dict[str, str]) -> None:
    assert_invalid(company.get(PATH, query), "month")
    assert_invalid(company.get(PATH, query, **PDF), "month")


def test_a_month_is_read_in_both_calendars_and_all_digits() -> None:
    assert [Month.read(text).first_day for text in ("2026-10", "1405-07", "۱۴۰۵/۷", "1405-12")] == [
        date(2026, 10, 1), date(2026, 9, 23), date(2026, 9, 23), date(2027, 2, 20),
    ]  # fmt: skip
    assert Month.read("1405-12").next == Month(1406, 1)
    assert Month.read("2026-01").previous == Month(2025, 12)
    assert Month.read("1405-07").name == "Mehr 1405"
    with translation.override("fa"):
        assert Month.read("1405-07").name == "مهر ۱۴۰۵"


def test_staff_who_take_a_document_are_in_the_audit_trail(auditor: Caller, company: Caller, seller: Seller) -> None:
    query = {"month": str(this_month())}
    company.get(PATH, query, **PDF)
    assert not AuditEvent.objects.filter(action="export ledger").exists()
    for accept in (CSV, PDF):
        auditor.get(f"sellers/{seller.pk}/statement/", query, **accept)
    assert AuditEvent.objects.filter(action="export ledger", subject_id=str(seller.pk)).count() == 2


def test_another_sellers_document_is_not_found(company: Caller, other_seller: Seller) -> None:
    assert_problem(company.get(f"sellers/{other_seller.pk}/statement/", {}, **PDF), 404, "not_found")
