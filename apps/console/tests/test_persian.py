"""Numbers and dates for Persian readers."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import translation

from apps.console.framework import persian
from apps.console.framework.display import show_moment, show_money


@pytest.mark.parametrize(
    ("gregorian", "solar"),
    [
        (date(1979, 2, 11), (1357, 11, 22)),
        (date(2021, 3, 20), (1399, 12, 30)),
        (date(2021, 3, 21), (1400, 1, 1)),
        (date(2024, 2, 29), (1402, 12, 10)),
        (date(2024, 3, 20), (1403, 1, 1)),
        (date(2025, 3, 20), (1403, 12, 30)),
        (date(2025, 3, 21), (1404, 1, 1)),
        (date(2025, 9, 22), (1404, 6, 31)),
        (date(2025, 9, 23), (1404, 7, 1)),
        (date(2026, 11, 21), (1405, 8, 30)),
    ],
)
def test_dates_become_those_of_the_solar_calendar(gregorian: date, solar: tuple[int, int, int]) -> None:
    assert persian.solar_date(gregorian) == solar


def test_money_and_moments_follow_the_reader() -> None:
    moment = datetime(2026, 11, 21, 12, 5, tzinfo=UTC)
    with translation.override("fa"):
        assert show_money(Decimal("1234567.50")) == "۱٬۲۳۴٬۵۶۷٫۵۰"  # noqa: RUF001  (Persian marks)
        assert show_moment(moment) == "۱۴۰۵/۰۸/۳۰، ۱۵:۳۵"  # noqa: RUF001  (Persian marks)
    with translation.override("en"):
        assert show_money(Decimal("1234567.50")) == "1,234,567.50"
