"""What the scripts and styles of the back office do: refresh, copy, save, end, print."""

from functional_tests.browser.conftest import Person, Sit
from functional_tests.browser.server import Server

LEDGER = "/admin/transactions/ledgerentry/"


def figure(person: Person, panel: str) -> str:
    return person.page.locator("section", has_text=panel).locator("dd").first.inner_text()


def file_request(server: Server) -> None:
    server.call("credit-requests/", {"amount": "42.00"}, server.token_of("demo-mehr-owner"))


def test_the_home_page_refreshes_itself_but_never_what_is_in_use(sit_down: Sit, server: Server) -> None:
    person = sit_down()
    person.log_in("admin")
    person.page.clock.install()
    person.visit("/admin/")
    before = int(figure(person, "Credit requests to decide"))
    link = person.page.get_by_role("link", name="All pending sellers")
    link.focus()
    file_request(server)
    with person.page.expect_response("**/admin/"):
        person.page.clock.fast_forward(36_000)
    person.page.wait_for_function(f"document.body.innerText.includes('Waiting\\n{before + 1}')")
    assert link.evaluate("link => link === document.activeElement")
    assert person.page.locator("a", has_text="Credit requests").locator(".console-count").count() == 1

    person.page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    person.page.clock.fast_forward(120_000)
    assert asked == []  # a tab behind others asks for nothing
    person.page.evaluate("Object.defineProperty(document, 'hidden', {value: false, configurable: true})")
    with person.page.expect_response("**/admin/"):
        person.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_an_id_is_copied_by_keyboard_and_announced(sit_down: Sit) -> None:
    person = sit_down(permissions=["clipboard-read", "clipboard-write"])
    person.log_in("admin")
    person.visit(LEDGER)
    person.page.locator("tbody th a, tbody td a").first.click()
    person.page.wait_for_load_state("networkidle")
    entry = person.page.url.split("/")[-3]
    button = person.page.get_by_role("button", name=f"Copy {entry}")
    button.focus()
    person.page.keyboard.press("Enter")
    person.page.wait_for_selector("#console-said:not(:empty)", state="attached")
    assert person.page.inner_text("#console-said") == f"Copied: {entry}"
    assert person.page.evaluate("navigator.clipboard.readText()") == entry
    assert button.evaluate("button => button === document.activeElement")


def test_a_view_is_saved_and_opened_by_keyboard(sit_down: Sit) -> None:
    person = sit_down()
    person.log_in("admin")
    person.visit(f"{LEDGER}?type=reversal")
    person.page.locator(".console-save summary").focus()
    person.page.keyboard.press("Enter")
    person.page.keyboard.press("Tab")
    person.page.keyboard.type("Undone")
    person.page.keyboard.press("Enter")
    person.page.wait_for_load_state("networkidle")
    assert person.sees("The view “Undone” is saved.")
    assert person.barriers() == []
    person.visit(LEDGER)
    person.follow("Undone")
    assert person.page.url.endswith(f"{LEDGER}?type=reversal")
    person.page.get_by_role("button", name="Remove the view “Undone”").press("Enter")
    person.page.wait_for_load_state("networkidle")
    assert person.page.get_by_role("link", name="Undone").count() == 0


def test_paper_shows_every_column_and_nothing_to_press(sit_down: Sit) -> None:
    for look in ({"viewport": {"width": 390, "height": 844}}, {"locale": "fa"}):
        person = sit_down(**look)
        person.log_in("admin")
        person.visit(LEDGER)
        person.page.emulate_media(media="print")
        assert not person.page.locator("#nav-sidebar").is_visible()
        person.page.set_viewport_size({"width": 1040, "height": 720})  # A4 across, without its margins
        person.photograph(f"ledger-print-{'persian' if 'locale' in look else 'phone'}")
        headings = person.page.locator("#result_list th[scope=col]:not(.action-checkbox-column)")
        boxes = [headings.nth(index).bounding_box() for index in range(headings.count())]
        shown = [box for box in boxes if box is not None and box["width"] > 0]
        assert len(shown) == 8  # the columns of the ledger
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= 1040 for box in shown)
        assert not person.page.locator(".console-filters").first.is_visible()


def test_a_session_elsewhere_is_ended(sit_down: Sit) -> None:
    here, there = sit_down(), sit_down()
    here.log_in("demo-admin")
    there.log_in("demo-admin")
    here.visit("/admin/my-sessions/")
    here.press("End all but this one")
    assert here.sees("Ended.")
    there.visit("/admin/")
    assert "/admin/login/" in there.page.url
    here.visit("/admin/")
    assert "/admin/login/" not in here.page.url
