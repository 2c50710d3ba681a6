"""Formats of numbers, dates and labels, in the reader's language and the time of the business."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import get_language, gettext, gettext_noop

from apps.core.values import persian

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

gettext_noop("IRR")  # the names of other currencies are their codes
_NO_BREAK, _MINUS = "\u00a0", "\u2212"
NOTHING = "–"  # noqa: RUF001  (an en dash stands for an empty cell)


class Figure(str):
    """A shown amount or count, which tables align at its end."""

    __slots__ = ()


def show_money(amount: Decimal | None, *, is_signed: bool = False) -> str:
    """Return `amount` with two places, grouped digits and its currency; `is_signed` writes a plus as well."""
    if amount is None:
        return NOTHING
    size = abs(amount)
    digits = persian.number(f"{size:,.2f}") if is_persian() else f"{size:,.2f}"
    sign = _MINUS if amount < 0 else "+" if is_signed else ""
    return Figure(f"{_left_to_right(sign + digits) if sign else digits}{_NO_BREAK}{currency()}")


def currency() -> str:
    """Return the name of the currency (`CURRENCY`) in the reader's language, or its code if that has no other name."""
    return gettext(settings.CURRENCY)


def show_number(number: float | None) -> str:
    """Return a count, or a measurement with its decimals, with grouped digits."""
    if number is None:
        return NOTHING
    return Figure(persian.number(f"{number:,}") if is_persian() else f"{number:,}")


def show_change(now: Decimal, before: Decimal) -> str:
    """Return by how many percent `now` differs from `before`; empty if that was nothing."""
    if not before:
        return ""
    change = f"{(now - before) / before * 100:+,.0f}".replace("-", _MINUS)
    return _left_to_right(f"{persian.number(change)}٪" if is_persian() else f"{change} %")


def _left_to_right(text: str) -> str:
    """Return `text` isolated, so that a sign stays in front of its digits in a text from right to left."""
    return f"\u2066{text}\u2069" if is_persian() else text


def is_figure(cell: object) -> bool:
    """Tell whether a table aligns `cell` at its end."""
    return isinstance(cell, (int, Figure))


def aligned(columns: "Sequence[StrOrPromise]", rows: Sequence[Sequence[object]]) -> "list[tuple[StrOrPromise, bool]]":
    """Return each column's name, and whether its cells are figures."""
    first = rows[0] if rows else [""] * len(columns)
    return [(name, is_figure(cell)) for name, cell in zip(columns, first, strict=True)]


def show_text(text: object) -> str:
    """Return what Django or a template wrote, with the reader's digits."""
    return persian.digits(str(text)) if is_persian() else str(text)


def show_date(day: date | None) -> str:
    """Return a day with its year, as filters read it."""
    if day is None:
        return NOTHING
    return persian.day_with_year(day) if is_persian() else day.isoformat()


def show_day(day: date) -> str:
    """Return day and month, short enough for the axis of a chart."""
    return persian.short_day(day) if is_persian() else date_format(day, "j M")


def show_phone(number: str) -> str:
    """Return a phone number that keeps its plus in front, in a text from right to left too."""
    return format_html('<bdi dir="ltr">{}</bdi>', number) if number else NOTHING


def copyable(text: object) -> str:
    """Return an id with a button that copies it."""
    if text in (None, ""):
        return NOTHING
    return format_html(
        '<span class="console-id"><bdi dir="ltr">{0}</bdi>'
        '<button type="button" class="console-copy" data-copy="{0}" aria-label="{1}">'
        '<span class="material-symbols-outlined" aria-hidden="true">content_copy</span></button></span>',
        text,
        gettext("Copy %(text)s") % {"text": text},
    )


def is_persian() -> bool:
    """Tell whether the reader's language is Persian."""
    return (get_language() or "").startswith("fa")


def show_moment(moment: datetime | None) -> str:
    """Return date and time to the second in `BUSINESS_TIME_ZONE`, and the zone's offset."""
    if moment is None:
        return NOTHING
    local = timezone.localtime(moment, ZoneInfo(settings.BUSINESS_TIME_ZONE))
    day_and_time, offset = local.isoformat(" ", "seconds")[:19], local.isoformat()[-6:]
    if is_persian():
        day_and_time, offset = persian.moment(local), persian.digits(offset)
    return _left_to_right(f"{day_and_time} {offset}")


def show_age(moment: datetime) -> str:
    """Return how long ago `moment` was, in its largest unit."""
    return show_text(timesince(moment, depth=1))


def badge(text: object, kind: str) -> SafeString:
    """Return `text` as a coloured label; `kind` is one of good, waiting, bad, quiet."""
    return format_html('<span class="console-badge console-{}">{}</span>', kind, text)


def status_badge(text: object, status: str, kinds: Mapping[str, str]) -> SafeString:
    """Return the label of a status; one that `kinds` does not name is quiet."""
    return badge(text, kinds.get(status, "quiet"))
