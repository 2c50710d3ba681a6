"""Numbers and dates for Persian readers."""

from datetime import UTC, date, datetime
from decimal import Decimal

from django.utils import translation
from pytest_django import Settings

from apps.console.framework.display import show_date, show_day, show_moment, show_money


def test_money_and_dates_follow_the_reader() -> None:
    moment, leap_day = datetime(2026, 11, 21, 12, 5, tzinfo=UTC), date(2025, 3, 20)
    with translation.override("fa"):
        assert show_money(Decimal("1234567.50")) == "۱٬۲۳۴٬۵۶۷٫۵۰\u00a0ریال"  # noqa: RUF001  (Persian marks)
        assert show_moment(moment) == "\u2066۱۴۰۵/۰۸/۳۰ ۱۵:۳۵:۰۰ +۰۳:۳۰\u2069"  # noqa: RUF001  (as above)
        assert (show_date(leap_day), show_day(leap_day)) == ("۱۴۰۳/۱۲/۳۰", "۳۰ اسفند")
    with translation.override("en"):
        assert show_money(Decimal("1234567.50")) == "1,234,567.50\u00a0IRR"
        assert show_money(Decimal("-5.00")) == "\u22125.00\u00a0IRR"
        assert show_money(Decimal("5.00"), is_signed=True) == "+5.00\u00a0IRR"
        assert show_moment(moment) == "2026-11-21 15:35:00 +03:30"
        assert show_moment(moment.replace(hour=8, minute=30)) == "2026-11-21 12:00:00 +03:30"  # not "noon"
        assert show_day(leap_day) == "20 Mar"


def test_another_currency_is_shown_by_its_code(settings: Settings) -> None:
    settings.CURRENCY = "AED"
    with translation.override("fa"):
        assert show_money(Decimal("1.00")) == "۱٫۰۰\u00a0AED"  # noqa: RUF001  (Persian marks)
