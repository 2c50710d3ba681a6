"""Amounts: exact, with two places, in any spelling."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.values.money import MAX_AMOUNT, format_money, parse_amount

AMOUNTS = st.decimals("0.01", MAX_AMOUNT, places=2)


@given(AMOUNTS)
def test_what_is_written_is_read_back(amount: Decimal) -> None:
    assert parse_amount(format_money(amount)) == amount
    assert str(parse_amount(format_money(amount))) == format_money(amount)


@given(st.text())
def test_other_texts_are_refused_and_nothing_else_happens(text: str) -> None:
    try:
        amount = parse_amount(text)
    except ValueError:
        return
    assert Decimal("0.01") <= amount <= MAX_AMOUNT
    assert set(text) <= set("0123456789.")


@given(AMOUNTS, st.integers(3, 30))
def test_more_than_two_places_are_refused_even_if_they_are_zero(amount: Decimal, places: int) -> None:
    with pytest.raises(ValueError, match="after the point"):
        parse_amount(f"{amount:.{places}f}")


def test_zero_needs_to_be_allowed() -> None:
    assert parse_amount("0", allow_zero=True) == 0
    with pytest.raises(ValueError, match="greater than zero"):
        parse_amount("0.00")
