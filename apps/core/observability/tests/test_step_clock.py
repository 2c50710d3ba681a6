"""The progress of a command at a terminal."""

import io
import sys
import time

import pytest

from apps.core.observability import step_clock


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_is_told_what_goes_on_and_is_left_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setattr(step_clock, "_TICK_SECONDS", 0.01)

    with step_clock.step("Adding up"):
        while "Adding up: 0 s" not in terminal.getvalue():
            time.sleep(0.01)

    assert terminal.getvalue().endswith("\r\033[K")


def test_a_file_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", log := io.StringIO())
    monkeypatch.setattr(step_clock, "_TICK_SECONDS", 0.001)

    with step_clock.step("Adding up"):
        time.sleep(0.01)

    assert log.getvalue() == ""


@pytest.mark.parametrize("items", [[], [1], [1, 2, 3]])
def test_all_items_come_after_the_step(items: list[int]) -> None:
    assert list(step_clock.after_step("Adding up", iter(items))) == items
