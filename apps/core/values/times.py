"""Moments as the API writes them."""

from datetime import UTC, datetime


def format_time(moment: datetime) -> str:
    """Return `moment` as ISO 8601 in UTC with microseconds and `Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
