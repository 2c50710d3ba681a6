"""Numbers and dates for Persian readers."""

from datetime import UTC, date, datetime
from decimal import Decimal

from django.utils import translation

from apps.console.framework.display import show_date, show_day, show_moment, show_money


def test_money_and_dates_follow_the_reader() -> None:
    moment, leap_day = datetime(2026, 11, 21, 12, 5, tzinfo=UTC), date(2025, 3, 20)
    with translation.override("fa"):
        assert show_money(Decimal("1234567.50")) == "۱٬۲۳۴٬۵۶۷٫۵۰"  # noqa: RUF001  (Persian marks)
        assert show_moment(moment) == "۱۴۰۵/۰۸/۳۰، ۱۵:۳۵"  # noqa: RUF001  (Persian marks)
        assert (show_date(leap_day), show_day(leap_day)) == ("۱۴۰۳/۱۲/۳۰", "۳۰ اسفند")
    with translation.override("en"):
        assert show_money(Decimal("1234567.50")) == "1,234,567.50"
        assert show_day(leap_day) == "20 Mar"
