"""Money: exact decimals with two places, never floats."""

import re
from decimal import Decimal

from django.utils.translation import gettext_noop

PLACES = Decimal("0.01")
ZERO = Decimal("0.00")
MAX_AMOUNT = Decimal("999999999999.99")
# Room for a million credits of the largest amount.
MAX_BALANCE_DIGITS = 20
MAX_BALANCE = Decimal("999999999999999999.99")

_PLAIN = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,2})?", re.ASCII)


def parse_amount(text: str, *, allow_zero: bool = False) -> Decimal:
    """Return the amount written in plain ASCII digits, quantized to two places.

    Raises:
        ValueError: signs, exponents, separators, other digits, more than two places, more than `MAX_AMOUNT`, or zero
            (unless `allow_zero`).
    """
    if not _PLAIN.fullmatch(text):
        raise ValueError(gettext_noop("Write plain digits with at most 12 before and 2 after the point."))
    amount = Decimal(text).quantize(PLACES)
    if not amount and not allow_zero:
        raise ValueError(gettext_noop("The amount must be greater than zero."))
    return amount


def format_money(amount: Decimal) -> str:
    """Return `amount` as the API writes it: two places, no exponent."""
    return f"{amount:.2f}"
