"""Swagger UI as a newcomer uses it: authorize, try a charge, send it again."""

from typing import Any

import pytest

from functional_tests.browser.conftest import Person, Sit
from functional_tests.browser.server import Server

# Swagger UI draws these itself, and they cannot be changed from outside: its headings skip a level; the summary of an
# operation is a button in an element that is itself clickable. (ReDoc's headings skip levels too.)
OF_SWAGGER_UI = {"heading-order", "nested-interactive"}


@pytest.mark.parametrize("width", [390, 1440])
def test_swagger_ui_has_no_barrier_of_ours(sit_down: Sit, width: int) -> None:
    person = sit_down(viewport={"width": width, "height": 900})
    person.visit("/swagger/")
    operation = person.page.locator("#operations-charges-sell_charge")
    operation.locator(".opblock-summary").click()
    operation.get_by_role("button", name="Try it out").click()
    assert [found for found in person.barriers() if found.split(" x ")[0] not in OF_SWAGGER_UI] == []
    person.photograph(f"swagger-{width}")


def execute(person: Person, operation: Any) -> str:
    """Press Execute and return what the page shows as the live answer."""
    with person.page.expect_response("**/api/v1/charges/"):
        operation.get_by_role("button", name="Execute").click()
    person.page.wait_for_timeout(500)
    return str(operation.locator(".live-responses-table").inner_text())


def test_a_charge_is_tried_and_replayed(sit_down: Sit, server: Server) -> None:
    person = sit_down()
    person.visit("/swagger/")
    person.photograph("swagger")
    person.page.locator("button.authorize").first.click()
    person.page.fill(".modal-ux input", f"Bearer {server.token_of('demo-mehr-operator')}")
    person.page.locator(".modal-ux button.authorize").click()
    person.page.locator(".modal-ux button.btn-done").click()
    operation = person.page.locator("#operations-charges-sell_charge")
    operation.locator(".opblock-summary").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.locator("tr", has_text="Idempotency-Key").locator("input").fill("browser-1")
    operation.locator("textarea").first.fill('{"phone_number": "09123456789", "amount": "1000.00"}')
    first = execute(person, operation)
    assert "201" in first
    assert "idempotent-replayed" not in first
    again = execute(person, operation)
    assert "201" in again
    assert "idempotent-replayed: true" in again
    operation.scroll_into_view_if_needed()
    person.photograph("swagger-replayed")
