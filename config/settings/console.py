"""How the back office (Django admin with the theme django-unfold) looks."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.templatetags.static import static

from apps.core.money import parse_amount


def optional_amount(text: str) -> Decimal | None:
    """Return the amount that CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT writes, or None if it is empty."""
    try:
        return parse_amount(text.strip(), allow_zero=True) if text.strip() else None
    except ValueError as error:
        raise ImproperlyConfigured(f"CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT is no amount: {error}") from error


def _own_style(request: HttpRequest) -> str:
    return static("core/console.css")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Sharj",
    "SITE_HEADER": "Sharj",
    "SITE_SYMBOL": "bolt",
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "STYLES": [_own_style],
}
