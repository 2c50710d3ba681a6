"""A browser for the tests: Debian's Chromium, driven by Playwright. Without it they are skipped; in CI they fail."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from apps.core.database.logins import is_embedded
from functional_tests.browser.server import Server, running_server

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
AXE = Path(__file__).parent / ".axe/axe.min.js"
SCREENSHOTS = Path(__file__).parent / "screenshots"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Return a running server, shared by all browser tests."""
    if not CHROMIUM.exists():
        message = f"{CHROMIUM} is missing: run functional_tests/browser/install.sh"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    if not is_embedded():
        pytest.skip("the browser tests start a server with the embedded PostgreSQL")
    with running_server() as found:
        yield found


@pytest.fixture(scope="module")
def browser(server: Server) -> Iterator[Browser]:
    """Return a browser. One for each module: while it is open, Django believes that this thread is asynchronous."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@dataclass
class Person:
    """A browser window and its user; requests to other hosts and errors of the page are recorded."""

    server: Server
    context: BrowserContext
    page: Page
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("request", self._note_request)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def _note_request(self, request: Any) -> None:
        if not request.url.startswith((self.server.address, "data:", "blob:")):
            self.foreign.append(request.url)

    def visit(self, path: str) -> None:
        """Open a page and wait until what it loads is there. `networkidle` would add half a second of silence."""
        self.page.goto(self.server.address + path, wait_until="load")

    def log_in(self, username: str, password: str = "") -> None:
        self.visit("/admin/")
        self.page.fill("input[name=username]", username)
        self.page.fill("input[name=password]", password or self.server.passwords[username])
        self.page.click("button[type=submit]")
        self.page.wait_for_load_state("networkidle")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()
        self.page.wait_for_load_state("networkidle")

    def follow(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).first.click()
        self.page.wait_for_load_state("networkidle")

    def sees(self, text: str) -> bool:
        return text in self.page.inner_text("body")

    def barriers(self) -> list[str]:
        """Return what axe-core finds on the page: the rule, and the first element that breaks it."""
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)")
        return [f"{one['id']} x {len(one['nodes'])}: {one['nodes'][0]['html'][:200]}" for one in found]

    def photograph(self, name: str) -> None:
        """Keep a picture of the whole page, in a window as tall as it, so that nothing that sticks covers it."""
        SCREENSHOTS.mkdir(exist_ok=True)
        size = self.page.viewport_size or {"width": 1280, "height": 800}
        height = int(self.page.evaluate("document.documentElement.scrollHeight"))
        self.page.set_viewport_size({"width": size["width"], "height": max(size["height"], min(height, 4_000))})
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")
        self.page.set_viewport_size({"width": size["width"], "height": size["height"]})


Sit = Callable[..., Person]


@pytest.fixture
def sit_down(server: Server, browser: Browser) -> Iterator[Sit]:
    """Return a function that opens a fresh browser window; afterwards nothing foreign was loaded and nothing failed."""
    people: list[Person] = []

    def sit(**options: Any) -> Person:
        context = browser.new_context(**{"viewport": {"width": 1360, "height": 860}, **options})
        person = Person(server, context, context.new_page())
        person.watch()
        people.append(person)
        return person

    yield sit
    for person in people:
        person.context.close()
    assert [person.foreign for person in people] == [[]] * len(people)
    assert [person.errors for person in people] == [[]] * len(people)
