"""Formats of numbers, dates and labels, in the reader's language and the time of the business."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import get_language

from apps.core.values import persian

NOTHING = "–"  # noqa: RUF001  (an en dash stands for an empty cell)


def show_money(amount: Decimal | None) -> str:
    """Return `amount` with two places and grouped digits."""
    if amount is None:
        return NOTHING
    if is_persian():
        return persian.number(f"{amount:,.2f}")
    return number_format(amount, 2, use_l10n=True, force_grouping=True)


def show_number(number: float | None) -> str:
    """Return a count, or a measurement with its decimals, with grouped digits."""
    if number is None:
        return NOTHING
    if is_persian():
        return persian.number(f"{number:,}")
    return number_format(number, use_l10n=True, force_grouping=True)


def show_text(text: object) -> str:
    """Return what Django or a template wrote, with the reader's digits."""
    return persian.digits(str(text)) if is_persian() else str(text)


def show_date(day: date | None) -> str:
    """Return a day with its year."""
    if day is None:
        return NOTHING
    return persian.day_with_year(day) if is_persian() else date_format(day, "SHORT_DATE_FORMAT")


def show_day(day: date) -> str:
    """Return day and month, short enough for the axis of a chart."""
    return persian.short_day(day) if is_persian() else date_format(day, "j M")


def show_phone(number: str) -> str:
    """Return a phone number that keeps its plus in front, in a text from right to left too."""
    return format_html('<bdi dir="ltr">{}</bdi>', number) if number else NOTHING


def is_persian() -> bool:
    """Tell whether the reader's language is Persian."""
    return (get_language() or "").startswith("fa")


def show_moment(moment: datetime | None) -> str:
    """Return date and time of day in `BUSINESS_TIME_ZONE`."""
    if moment is None:
        return NOTHING
    local = timezone.localtime(moment, ZoneInfo(settings.BUSINESS_TIME_ZONE))
    return persian.moment(local) if is_persian() else date_format(local, "SHORT_DATETIME_FORMAT")


def show_age(moment: datetime) -> str:
    """Return how long ago `moment` was, in its largest unit."""
    return show_text(timesince(moment, depth=1))


def badge(text: object, kind: str) -> SafeString:
    """Return `text` as a coloured label; `kind` is one of good, waiting, bad, quiet."""
    return format_html('<span class="console-badge console-{}">{}</span>', kind, text)


def status_badge(text: object, status: str, kinds: Mapping[str, str]) -> SafeString:
    """Return the label of a status; one that `kinds` does not name is quiet."""
    return badge(text, kinds.get(status, "quiet"))
