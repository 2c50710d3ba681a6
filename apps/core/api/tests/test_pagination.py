"""Keyset pages, on every list."""

from base64 import b64encode
from typing import Any

import pytest

from apps.accounts.models import Seller
from apps.testing.api import Answer, Caller, assert_invalid
from apps.testing.contract.lists import LISTS
from apps.testing.invariants import nothing_changes

every_list = pytest.mark.parametrize("path", LISTS)


class Shelf:
    """One of the lists, and a way to add rows to it."""

    def __init__(self, path: str, admin: Caller, seller: Seller) -> None:
        self.add, self.key = LISTS[path]
        self.path = path.format(seller=seller.pk)
        self.admin = admin
        self.seller = seller
        self.added = 0

    def grow(self, rows: int) -> None:
        for _ in range(rows):
            self.added += 1
            self.add(self.seller, self.added)

    def page(self, url: str | None = None, **query: object) -> Answer:
        return self.admin.get(url or self.path, query or None)

    def keys(self, page: dict[str, Any]) -> list[str]:
        return [row[self.key] for row in page["results"]]


@pytest.fixture
def shelf(path: str, admin: Caller, seller: Seller) -> Shelf:
    """The list at `path`."""
    return Shelf(path, admin, seller)


@every_list
def test_a_page_has_next_previous_and_results(shelf: Shelf) -> None:
    shelf.grow(3)

    page = shelf.page(page_size=2).body

    assert page.keys() == {"next", "previous", "results"}
    assert page["next"].startswith("http://testserver/api/v1/")
    assert page["previous"] is None
    assert len(page["results"]) == 2


@every_list
def test_walking_to_the_end_yields_each_row_once_while_new_ones_arrive(shelf: Shelf) -> None:
    shelf.grow(7)
    before = set(shelf.keys(shelf.page(page_size=500).body))

    page = shelf.page(page_size=3).body
    seen = shelf.keys(page)
    while page["next"]:
        shelf.grow(1)
        page = shelf.page(page["next"]).body
        seen += shelf.keys(page)

    assert len(seen) == len(set(seen))
    assert set(seen) >= before


@every_list
def test_previous_leads_back_to_the_page_before(shelf: Shelf) -> None:
    shelf.grow(7)
    first = shelf.page(page_size=3).body
    second = shelf.page(first["next"]).body
    third = shelf.page(second["next"]).body

    assert shelf.page(third["previous"]).body["results"] == second["results"]
    assert shelf.page(second["previous"]).body["results"] == first["results"]


@every_list
def test_the_last_page_has_no_next(shelf: Shelf) -> None:
    shelf.grow(2)

    assert shelf.page(page_size=500).body["next"] is None


@every_list
def test_filters_are_kept_in_next(shelf: Shelf) -> None:
    shelf.grow(3)

    assert "page_size=1" in shelf.page(page_size=1).body["next"]


@pytest.mark.parametrize("path", ["credit-requests/", "transactions/", "sellers/"])
def test_the_newest_row_comes_first(shelf: Shelf) -> None:
    shelf.grow(3)

    keys = shelf.keys(shelf.page().body)

    assert keys == sorted(keys, reverse=True)


@pytest.mark.parametrize("path", ["transactions/"])
def test_fifty_rows_come_unless_asked_otherwise_and_never_more_than_five_hundred(shelf: Shelf) -> None:
    shelf.grow(510)

    assert len(shelf.page().body["results"]) == 50
    assert len(shelf.page(page_size=500).body["results"]) == 500
    assert_invalid(shelf.page(page_size=501), "page_size")
    assert_invalid(shelf.page(page_size=999_999_999), "page_size")


@every_list
@pytest.mark.parametrize("page_size", ["0", "-1", "x", "1.5", "٣", "1e3", "9" * 10, "9" * 5000, "1\x00"])
def test_a_page_size_that_is_no_count_is_refused(shelf: Shelf, page_size: str) -> None:
    with nothing_changes():
        answer = shelf.page(page_size=page_size)

    assert_invalid(answer, "page_size")


@every_list
@pytest.mark.parametrize(
    "cursor", ["x", "!", "\x00", "é", "YQ==" * 999, "bz0tMQ==", "bz05OTk5OTk5OTk5OTk5OTk5", "bz0x"]
)
def test_a_cursor_that_no_list_gave_out_is_refused(shelf: Shelf, cursor: str) -> None:
    with nothing_changes():
        answer = shelf.page(cursor=cursor)

    assert_invalid(answer, "cursor")


@pytest.mark.parametrize("path", [path for path, (_, key) in LISTS.items() if key == "id"])
@pytest.mark.parametrize("position", ["p=x", "p=%00", "p=1", "r=1&p=x", "p=" + "9" * 999])
def test_a_cursor_whose_position_is_no_id_is_refused(shelf: Shelf, position: str) -> None:
    with nothing_changes():
        answer = shelf.page(cursor=b64encode(position.encode()).decode())

    assert_invalid(answer, "cursor")


@pytest.mark.parametrize("path", ["phone-numbers/"])
@pytest.mark.parametrize(("position", "status"), [("p=x", 200), ("p=%00", 400), ("r=1&p=%D9%A1", 200)])
def test_a_position_among_phone_numbers_may_be_any_text(shelf: Shelf, position: str, status: int) -> None:
    assert shelf.page(cursor=b64encode(position.encode()).decode()).status == status
