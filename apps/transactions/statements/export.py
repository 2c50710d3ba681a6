"""A statement as a document for people: PDF, or CSV with the same facts above the entries; in the reader's language."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _

from apps.accounts.models import Seller
from apps.core.errors import DomainError
from apps.core.values import persian
from apps.transactions.entries.export import stream_entries
from apps.transactions.entries.selectors import iterate_entries
from apps.transactions.models import LedgerEntry
from apps.transactions.statements.selectors import Statement
from apps.transactions.statements.sheet import Column, Sheet

# A processor draws some 6,000 entries a second, or 1,500 in Persian, and slows its process's other thread meanwhile.
MOST_PDF_ENTRIES = 3_000
_TICK = timedelta(microseconds=1)


class StatementTooLong(DomainError):
    """The statement has more entries than a PDF may list."""

    code = "statement_too_long"


def statement_csv(statement: Statement, seller: Seller) -> StreamingHttpResponse:
    """Return all entries, streamed, below the facts of the statement."""
    name = f"{_file_name(statement)}.csv"
    told = [f"{name}: {value}" for name, value in _facts(statement, seller)]
    entries = iterate_entries(statement.entries, newest_first=False)
    return stream_entries(entries, filename=name, remarks=[_title(seller), *told, _advice(name)])


def statement_pdf(statement: Statement, seller: Seller) -> HttpResponse:
    """Return the document.

    Raises:
        StatementTooLong: for a PDF; as CSV it has no limit.
    """
    if statement.count > MOST_PDF_ENTRIES:
        message = _(
            "This statement has %(entries)s entries, and a PDF at most %(most)s. Ask for CSV, or a shorter time."
        )
        values = {"entries": _number(statement.count), "most": _number(MOST_PDF_ENTRIES)}
        raise StatementTooLong(message % values, entries=statement.count, most=MOST_PDF_ENTRIES)
    from apps.transactions.statements.pdf import draw  # here, because loading it is a tenth of a server's start

    name = _file_name(statement)
    sheet = Sheet(
        title=_title(seller),
        facts=_facts(statement, seller),
        advice=_advice(f"{name}.csv"),
        columns=_columns(statement),
        rows=_rows(statement),
        page_name=lambda number: _("Page %(number)s") % {"number": _number(number)},
        language=get_language() or "en",
        is_rtl=get_language_bidi(),
    )
    response = HttpResponse(draw(sheet), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return response


def _columns(statement: Statement) -> list[Column]:
    """Return the columns; where prices differ from face values, both stand there, and the amount is the price."""
    amounts, widths = [_("Amount")], [18, 38, 32, 34, 31, 33]
    if statement.has_face_values:
        amounts, widths = [_("Face value"), _("Price")], [16, 34, 25, 31, 25, 27, 28]
    names = ["#", _("Time"), _("Type"), _("Phone number"), *amounts, _("Balance after")]
    is_number = [True, False, False, False, *(True for _name in names[4:])]
    return [Column(*column) for column in zip(names, widths, is_number, strict=True)]


def _title(seller: Seller) -> str:
    return _("Statement of %(company)s") % {"company": seller.company_name}


def _facts(statement: Statement, seller: Seller) -> list[tuple[str, str]]:
    begin = _moment(statement.begin) if statement.begin else _("the beginning")
    period = _("%(begin)s to %(end)s") % {"begin": begin, "end": _moment(statement.end - _TICK)}
    last = statement.last
    return [
        (_("Company"), seller.company_name),
        (_("Seller id"), str(seller.pk)),
        (_("Period"), f"{period} ({settings.BUSINESS_TIME_ZONE})"),
        (_("Opening balance"), _money(statement.opening_balance)),
        (_("Total credits"), _money(statement.total_credits)),
        (_("Total debits"), _money(statement.total_debits)),
        (_("Closing balance"), _money(statement.closing_balance)),
        (_("Entries"), _number(statement.count)),
        (_("Last entry"), f"{_number(last.sequence)} · {last.pk}" if last else "-"),
        (_("Hash of the last entry"), bytes(last.entry_hash).hex() if last else "-"),
    ]


def _advice(name: str) -> str:
    """Return how to verify the statement. The command takes its CSV, whose hashes it computes anew."""
    return _(
        "To verify: “python3 verify_export.py --part %(name)s” computes every hash of the CSV anew; its last one is "
        "the hash above, which names all entries before it. The platform proves the same with “manage.py verify_ledger "
        "--seller-id”, and GET sellers/me/reconciliation/ compares ledger and balance."
    ) % {"name": name}


def _rows(statement: Statement) -> Iterator[tuple[str, ...]]:
    for entry in iterate_entries(statement.entries, newest_first=False):
        yield (
            _number(entry.sequence),
            _moment(entry.created_at),
            str(entry.get_type_display()),
            entry.phone_number,
            *([_money(entry.worth) if entry.operator else ""] if statement.has_face_values else []),
            _signed(entry),
            _money(entry.balance_after),
        )


def _signed(entry: LedgerEntry) -> str:
    sign = "+" if entry.balance_after > entry.balance_before else "-"
    return f"{sign}{_money(entry.amount)}"


def _file_name(statement: Statement) -> str:
    first = statement.begin or statement.end
    return f"statement-{_local(first):%Y-%m-%d}-{_local(statement.end - _TICK):%Y-%m-%d}"


def _local(moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE))


def _moment(moment: datetime) -> str:
    return persian.second(_local(moment)) if _is_persian() else f"{_local(moment):%Y-%m-%d %H:%M:%S}"


def _money(amount: Decimal) -> str:
    return persian.number(f"{amount:,.2f}") if _is_persian() else f"{amount:,.2f}"


def _number(number: int) -> str:
    return persian.number(f"{number:,}") if _is_persian() else f"{number:,}"


def _is_persian() -> bool:
    return (get_language() or "").startswith("fa")
