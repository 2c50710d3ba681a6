"""The business day, by which daily limits and daily figures are counted."""

from datetime import date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo

from django.conf import settings


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def business_day(moment: datetime) -> date:
    """Return the calendar day of `moment` in `BUSINESS_TIME_ZONE`."""
    return moment.astimezone(_zone(settings.BUSINESS_TIME_ZONE)).date()


def day_begins(day: date) -> datetime:
    """Return the first moment of a business day."""
    return datetime.combine(day, time.min, _zone(settings.BUSINESS_TIME_ZONE))


def business_day_start(moment: datetime) -> datetime:
    """Return the first moment of the business day of `moment`."""
    return day_begins(business_day(moment))
