"""How the back office (Django admin with the theme django-unfold) looks."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static


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
