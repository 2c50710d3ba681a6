"""Moments and days of PostgreSQL that Python's calendar or a time zone cannot hold: read as the nearest that they can.

The guards of the ledger refuse them. If one is put in past the guards, pages and lists show it instead of failing, and
`verify_ledger`, which reads text, names it.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from psycopg2.extensions import PYDATE, PYDATETIMETZ, new_type

Value = TypeVar("Value", date, datetime)

EARLIEST = datetime(1000, 1, 1, tzinfo=UTC)  # the Persian calendar begins in 622,
LATEST = datetime(9999, 1, 1, tzinfo=UTC)  # and can write years up to this
_TIMESTAMPTZ, _DATE = 1184, 1082


def _within(read: Callable[[Any, Any], Value | None], least: Value, most: Value) -> Callable[[Any, Any], Value | None]:
    def cast(text: Any, cursor: Any) -> Value | None:
        try:
            value = read(text, cursor)
        except (ValueError, OverflowError):
            return least if str(text).endswith("BC") else most
        return value if value is None or least <= value <= most else max(least, min(most, value))

    return cast


MOMENT = new_type((_TIMESTAMPTZ,), "MOMENT", _within(PYDATETIMETZ, EARLIEST, LATEST))
DAY = new_type((_DATE,), "DAY", _within(PYDATE, EARLIEST.date(), LATEST.date()))
