"""Faults around the line that a step leaves in the audit trail."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts import audit

Fault = Callable[[pytest.MonkeyPatch], None]


class Crash(Exception):
    """The server dies."""


def die_before_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*args: Any, **kwargs: Any) -> None:
        raise Crash

    monkeypatch.setattr(audit, "record", crash)


def die_after_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    record = audit.record

    def record_and_crash(*args: Any, **kwargs: Any) -> None:
        record(*args, **kwargs)
        raise Crash

    monkeypatch.setattr(audit, "record", record_and_crash)
