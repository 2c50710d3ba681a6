"""The system check of the second factor, for `manage.py check --deploy`."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Info


def check_required(**_: Any) -> list[CheckMessage]:
    """Tell if staff who approve may log in with a password alone. No error: a container may still start."""
    if settings.REQUIRE_SECOND_FACTOR:
        return []
    return [
        Info(
            "Staff who approve need no second factor.",
            hint="A stolen password then moves money. Set REQUIRE_SECOND_FACTOR=true.",
            id="sharj.I002",
        )
    ]
