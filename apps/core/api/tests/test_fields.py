"""Text fields."""

import pytest
from rest_framework.serializers import ValidationError

from apps.core.api.fields import TextField


@pytest.mark.parametrize("text", ["plain", "two\nlines\tand a tab", "شارژ ۱۲۳", "‌نیم‌فاصله", "🙂"])
def test_what_a_keyboard_types_is_taken(text: str) -> None:
    assert TextField().run_validation(f"  {text} ") == text.strip()


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\ud800"])
def test_control_characters_and_half_surrogates_are_refused(character: str) -> None:
    with pytest.raises(ValidationError):
        TextField().run_validation(f"a{character}b")
