"""Numbers and dates as Persian readers write them; on screen only, never in the API."""

from datetime import date, datetime

_DIGITS = str.maketrans("0123456789,.", "۰۱۲۳۴۵۶۷۸۹٬٫")  # noqa: RUF001  (Persian marks, meant)
_DIGITS_ONLY = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_MONTHS = ("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند")
# Days from 1 January of a Gregorian year to the first of each of its months, in a common year.
_DAYS_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)


def digits(text: str, *, with_marks: bool = True) -> str:
    """Return `text` with Persian digits, and if it is a number (`with_marks`) with Persian separator and point."""
    return text.translate(_DIGITS if with_marks else _DIGITS_ONLY)


def solar_date(day: date) -> tuple[int, int, int]:
    """Return year, month and day of the Solar Hijri calendar, by its 33-year cycle (right from 1925 to 2088)."""
    year = day.year - 1600
    passed = 365 * year + (year + 3) // 4 - (year + 99) // 100 + (year + 399) // 400
    is_leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
    passed += _DAYS_BEFORE[day.month - 1] + (is_leap and day.month > 2) + day.day - 1 - 79
    cycles, passed = divmod(passed, 12_053)  # days of 33 years
    solar_year = 979 + 33 * cycles + 4 * (passed // 1_461)
    passed %= 1_461
    if passed >= 366:
        solar_year += (passed - 1) // 365
        passed = (passed - 1) % 365
    month, rest = divmod(passed, 31) if passed < 186 else divmod(passed - 186, 30)
    return solar_year, month + (1 if passed < 186 else 7), rest + 1


def moment(local: datetime) -> str:
    """Return date and time of day of a local time."""
    return day_with_year(local.date()) + "، " + digits(f"{local:%H:%M}")


def day_with_year(day: date) -> str:
    """Return a date in figures."""
    year, month, number = solar_date(day)
    return digits(f"{year}/{month:02}/{number:02}")


def short_day(day: date) -> str:
    """Return day and month."""
    _, month, number = solar_date(day)
    return f"{digits(str(number))} {_MONTHS[month - 1]}"
