"""The back office in Persian: no English word and no Latin digit is left on screen, but in data."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.urls import reverse

from apps.testing.back_office import CONTRACT, desk, one_of_each

pytestmark = pytest.mark.django_db

# Data of the rows, names that are the same in every language, and help texts of Django's own translation, whose digits
# are its own.
DATA = re.compile(
    r"""\b(Sharj|English|en|fa|S|esc|CSV|PDF|test|Ctrl\ K|sim|http_json|OPERATOR_SECRET_|book\.csv|[0-9a-f]{64})\b
    |\b(delivered\ 1\.00)\b|(Company|staff|owner|user)\ ?\d*(@example\.com|,\ \d+\.\d\d)?|\+?\d{12}|\+98912|127\.0\.0\.1
    |charge_sale\ \d\.\d\d\ \#\d+|amount:\ \d\.\d\d|Till\ software|10\.0\.0\.0/8|role:\ operator;.+
    |https://[a-z./]+|event_types:\ all
    |\d{4}-\d\d-\d\d\ \d\d:\d\d|(wallet|platform):[a-z0-9_-]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}""",
    re.VERBOSE | re.IGNORECASE,
)
OF_DJANGO = re.compile('کاراکتر یا کمتر|کلید "Control"|حرف تشکیل شده|انتخاب شده')


def is_data(text: str) -> bool:
    """Tell whether `text` is made of data, with or without words of ours around it."""
    return bool(OF_DJANGO.search(text)) or not re.search("[A-Za-z0-9]", DATA.sub("", text))


class Screen(HTMLParser):
    """The visible texts of a page."""

    HIDDEN = frozenset({"script", "style", "title", "template", "textarea", "pre"})  # the last is data

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._hidden = 0
        self._icon = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in self.HIDDEN
        self._icon = "material-symbols" in (dict(attrs).get("class") or "")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in self.HIDDEN
        self._icon = False

    def handle_data(self, data: str) -> None:
        if not self._hidden and not self._icon and data.strip():
            self.texts.append(data.strip())


def pages_of(model: str, row: Any) -> list[Any]:
    admin = desk(superuser=True)
    admin.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fa"
    if model == "index":
        return [admin.get("index"), admin.get("logout")]
    prefix = model.replace(".", "_")
    pages = [admin.get(f"{prefix}_changelist"), admin.get(f"{prefix}_change", row.pk)]
    if model == "accounts.user":
        password = reverse("admin:auth_user_password_change", args=[row.pk])
        pages += [admin.get("accounts_user_add"), admin.client.get(password)]
    actions = set(CONTRACT[model]) - {"view", "add", "change", "reconcile"}
    return pages + [admin.act(prefix, action, row, confirmed=False) for action in actions]


@pytest.mark.parametrize("model", [*CONTRACT, "index"])
def test_a_persian_page_says_nothing_in_english(model: str) -> None:
    for page in pages_of(model, one_of_each().get(model)):
        assert page.status_code in (200, 302, 405)
        screen = Screen()
        screen.feed(page.content.decode())
        assert [text for text in screen.texts if re.search("[A-Za-z0-9]", text) and not is_data(text)] == []


def test_the_same_page_is_english_for_others() -> None:
    assert "Sellers to verify" in desk("admin").get("index").content.decode()
