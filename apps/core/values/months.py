"""Calendar months of the business: `2026-10`, or of the Solar Hijri calendar `1405-07`."""

import re
from dataclasses import dataclass
from datetime import date, datetime

import jdatetime
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_noop

from apps.core.values import persian
from apps.core.values.business_day import day_begins
from apps.core.values.phones import ascii_digits

LAST_JALALI_YEAR = 1700  # a year up to this one is of the Solar Hijri calendar
_FORM = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})")
_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of either calendar."""

    year: int
    number: int

    @classmethod
    def read(cls, text: str) -> "Month":
        """Return the month of `2026-10` or `1405-07`, in digits of any script; raises `ValueError`."""
        match = _FORM.fullmatch(ascii_digits(text.strip()))
        month = cls(*map(int, match.groups())) if match else cls(0, 0)
        if not (1 <= month.number <= _MONTHS_A_YEAR and 1300 <= month.year < 9000):
            raise ValueError(gettext_noop("Write a month as 2026-10 or 1405-07."))
        return month

    @classmethod
    def of(cls, day: date, *, is_jalali: bool) -> "Month":
        """Return the month of a day."""
        dated = jdatetime.date.fromgregorian(date=day) if is_jalali else day
        return cls(dated.year, dated.month)

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02}"

    @property
    def is_jalali(self) -> bool:
        """Tell whether the month is of the Solar Hijri calendar."""
        return self.year <= LAST_JALALI_YEAR

    @property
    def first_day(self) -> date:
        """The Gregorian date of its first day."""
        if not self.is_jalali:
            return date(self.year, self.number, 1)
        first: date = jdatetime.date(self.year, self.number, 1).togregorian()
        return first

    @property
    def next(self) -> "Month":
        """The month after it."""
        return self._moved(1)

    @property
    def previous(self) -> "Month":
        """The month before it."""
        return self._moved(-1)

    @property
    def begin(self) -> datetime:
        """Its first moment, in the time of the business."""
        return day_begins(self.first_day)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return day_begins(self.next.first_day)

    @property
    def name(self) -> str:
        """Its name and year in the reader's language."""
        if self.is_jalali:
            return persian.month_name(self.first_day, is_reader_persian=(get_language() or "").startswith("fa"))
        return date_format(self.first_day, "F Y")

    def _moved(self, months: int) -> "Month":
        years, number = divmod(self.number - 1 + months, _MONTHS_A_YEAR)
        return Month(self.year + years, number + 1)
