"""Tasks of a day's work, with the number of clicks that each may take; and what the keyboard does alone.

A press of the mouse counts, and so does a choice from a list. Typing and shortcuts do not.
"""

# ruff: noqa: RUF001  (Persian digits, meant)

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from functional_tests.browser.conftest import Person, Sit
from functional_tests.browser.server import Server

COUNT = (
    "addEventListener('pointerdown', () => sessionStorage.setItem('presses', 1 + Number(sessionStorage.presses || 0)))"
)


@dataclass
class Task:
    """A person at work whose clicks are counted from now on."""

    person: Person
    choices: int = 0

    def __post_init__(self) -> None:
        self.person.page.evaluate("sessionStorage.setItem('presses', 0)")

    @property
    def clicks(self) -> int:
        return int(self.person.page.evaluate("sessionStorage.presses")) + self.choices

    def choose(self, selector: str, **option: Any) -> None:
        self.person.page.select_option(selector, **option)
        self.choices += 1

    def find(self, words: str) -> None:
        """Type into the search box, and wait until what it finds is shown."""
        page = self.person.page
        page.keyboard.press("Control+k")
        with page.expect_response(lambda answer: "/admin/search/" in answer.url):
            page.keyboard.type(words)
        page.locator("#console-found a").first.wait_for()


@pytest.fixture
def at_home(sit_down: Sit) -> Callable[..., Task]:
    def begin(username: str, **options: Any) -> Task:
        person = sit_down(**options)
        person.context.add_init_script(COUNT)
        person.log_in(username)
        return Task(person)

    return begin


def file_request(server: Server, amount: str) -> None:
    server.call("credit-requests/", {"amount": amount}, server.token_of("demo-mehr-owner"))


def test_a_page_of_requests_is_approved_with_five_clicks(at_home: Callable[..., Task], server: Server) -> None:
    for amount in ("201.00", "202.00"):
        file_request(server, amount)
    task = at_home("demo-approver")
    page = task.person.page
    task.person.follow("All open requests")
    page.locator("#action-toggle").click()
    rows = page.locator("input.action-select:checked").count()
    task.choose("select[name=action]", value="approve")
    page.locator("#changelist-form button[type=submit]:visible").first.click()
    page.wait_for_load_state("networkidle")
    for box in page.locator("#confirm-step input[type=checkbox]").all():
        box.click()  # of a seller that no journey has verified
        task.choices -= 1
    task.person.press("Approve")
    assert task.clicks <= 5
    assert rows >= 2
    assert task.person.sees("done for")


def test_a_request_is_rejected_with_four_clicks(at_home: Callable[..., Task], server: Server) -> None:
    file_request(server, "203.00")
    task = at_home("demo-approver")
    task.find("203.00")
    task.person.page.locator("#console-found a", has_text="Pending").first.click()
    task.person.page.wait_for_load_state("networkidle")
    task.person.press("Reject")
    task.person.page.fill("textarea[name=reason]", "A test")
    task.person.press("Reject")
    assert task.clicks <= 4
    assert task.person.sees("A test")


def test_from_a_phone_number_to_a_reversal_with_five_clicks(at_home: Callable[..., Task]) -> None:
    task = at_home("admin")
    task.find("۰۹۳۵ ۱۰۰ ۰۰۰۳")
    task.person.photograph("search-open")
    task.person.page.locator("#console-found a.console-hit").first.click()
    task.person.page.wait_for_load_state("networkidle")
    task.person.press("Reverse")
    task.person.page.fill("textarea[name=reason]", "Wrong number")
    task.person.press("Reverse")
    assert task.clicks <= 5
    assert task.person.sees("a reversal")


def test_why_a_balance_is_what_it_is_with_two_clicks(at_home: Callable[..., Task]) -> None:
    task = at_home("demo-approver")
    task.find("mehr mob")
    task.person.page.locator("#console-found a", has_text="Mehr Mobile").first.click()
    task.person.page.wait_for_load_state("networkidle")
    assert task.clicks <= 2
    for text in ("Balance", "Timeline", "Credit increase", "charges"):
        assert task.person.sees(text)


@pytest.mark.parametrize(("language", "name"), [("en", "Mehr Mobile"), ("fa", "Mehr Mobile")])
@pytest.mark.parametrize("kind", ["PDF", "CSV"])
def test_a_statement_is_taken_with_four_clicks(
    at_home: Callable[..., Task], language: str, name: str, kind: str
) -> None:
    task = at_home("demo-approver", locale=language)
    task.find("mehr")
    task.person.page.locator("#console-found a", has_text=name).first.click()
    task.person.page.wait_for_load_state("networkidle")
    task.choose("#statement-month", index=0)
    with task.person.page.expect_download() as download:
        task.person.page.get_by_role("button", name=kind, exact=True).click()
    assert task.clicks <= 4
    assert download.value.suggested_filename.endswith(kind.lower())


def test_whether_the_books_are_right_with_one_click(at_home: Callable[..., Task]) -> None:
    task = at_home("admin")
    task.person.visit("/admin/accounts/user/")
    task.person.page.locator('#nav-sidebar-apps a[href="/admin/"]').first.click()
    task.person.page.wait_for_load_state("networkidle")
    assert task.clicks <= 1
    assert task.person.sees("Are the books right?")


def test_the_search_box_is_used_without_a_mouse(at_home: Callable[..., Task]) -> None:
    task = at_home("admin")
    page = task.person.page
    task.find("mehr")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.className") == "console-hit"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")
    assert not page.locator("#console-found").is_visible()
    assert page.evaluate("document.activeElement.id") == "console-search-box"
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")
    assert task.clicks == 0
    assert task.person.sees("Mehr Mobile")


def test_the_open_search_has_no_barriers_in_any_look(at_home: Callable[..., Task]) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "locale": "fa", "color_scheme": "dark"}
    for look, options in (("light", {}), ("persian-phone-dark", phone)):
        task = at_home("admin", **options)
        task.find("0912")
        task.person.photograph(f"search-box-{look}")
        assert task.person.barriers() == []
        assert task.person.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_day_is_chosen_in_the_jalali_calendar_with_the_keyboard(at_home: Callable[..., Task]) -> None:
    task = at_home("admin", locale="fa")
    page = task.person.page
    task.person.visit("/admin/transactions/ledgerentry/")
    page.locator("button.console-filters").click()
    field = page.locator("input[name=created_at_from]")
    field.fill("۱۴۰۵/۰۷/۳۰")
    opener = page.locator("input[name=created_at_from] ~ .console-calendar-opener")
    opener.focus()
    page.keyboard.press("Enter")
    task.person.photograph("calendar-persian")
    assert task.person.barriers() == []
    for key in ("ArrowLeft", "ArrowUp", "PageDown", "PageUp", "PageUp"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    assert field.input_value() == "۱۴۰۵/۰۶/۲۴"
    opener.click()
    page.keyboard.press("Escape")
    assert field.input_value() == "۱۴۰۵/۰۶/۲۴"
    page.keyboard.press("Tab")
    page.locator("#filter-form button[type=submit]").first.click()
    page.wait_for_load_state("networkidle")
    assert "created_at_from=" in page.url
    assert task.person.sees("۱۴۰۵/۰۶/۲۴")


def test_an_english_page_has_no_jalali_calendar(at_home: Callable[..., Task]) -> None:
    task = at_home("admin")
    task.person.visit("/admin/transactions/ledgerentry/")
    assert task.person.page.locator("input[name=created_at_from]").count() == 1
    assert task.person.page.locator(".console-calendar-opener").count() == 0
