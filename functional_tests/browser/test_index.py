"""The page at `/`, in light and dark, in both languages and on a phone."""

from typing import Any

import pytest

from functional_tests.browser.conftest import Sit

LOOKS: dict[str, dict[str, Any]] = {
    "index": {},
    "index-dark": {"color_scheme": "dark"},
    "index-persian": {"locale": "fa-IR"},
    "index-phone": {"viewport": {"width": 390, "height": 844}},
}


@pytest.mark.parametrize("look", LOOKS)
def test_the_index_fits_its_window_and_leads_to_the_documentation(sit_down: Sit, look: str) -> None:
    person = sit_down(**LOOKS[look])
    person.visit("/")
    person.photograph(look)
    assert person.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # The style sheet was allowed and loaded.
    assert person.page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") == "576px"
    person.follow("Swagger UI")
    assert person.page.url.endswith("/swagger/")
