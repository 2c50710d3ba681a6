"""Digits and dates for Persian readers; on screen and in documents, never in the data of the API."""

from datetime import date, datetime

import jdatetime

_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_MARKS = str.maketrans(",.", "٬٫")  # noqa: RUF001  (Persian marks, meant)


def digits(text: str) -> str:
    """Return `text` with Persian digits."""
    return text.translate(_DIGITS)


def number(text: str) -> str:
    """Return a number with Persian digits, separator and point."""
    return digits(text).translate(_MARKS)


def moment(local: datetime) -> str:
    """Return date and time to the second of a local time, by the Solar Hijri calendar."""
    return digits(jdatetime.datetime.fromgregorian(datetime=local).strftime("%Y/%m/%d %H:%M:%S"))


def second(local: datetime) -> str:
    """Return date and time of day of a local time, with seconds, for a column."""
    return digits(jdatetime.datetime.fromgregorian(datetime=local).strftime("%Y/%m/%d %H:%M:%S"))


def day_with_year(day: date) -> str:
    """Return a date in figures."""
    return digits(jdatetime.date.fromgregorian(date=day).strftime("%Y/%m/%d"))


def short_day(day: date) -> str:
    """Return day and month."""
    return digits(jdatetime.date.fromgregorian(date=day, locale="fa_IR").strftime("%-d %B"))


def month_name(day: date, *, is_reader_persian: bool) -> str:
    """Return name and year of the month of `day`: `مهر ۱۴۰۵`, or `Mehr 1405` in Latin letters."""
    if not is_reader_persian:
        return str(jdatetime.date.fromgregorian(date=day, locale="en_US").strftime("%B %Y"))
    return digits(jdatetime.date.fromgregorian(date=day, locale="fa_IR").strftime("%B %Y"))
