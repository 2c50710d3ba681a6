"""GET phone-numbers/: what was sold to each number."""

import pytest

from apps.accounts.models import Seller
from apps.core.values.times import format_time
from apps.testing.api import PHONE, TIME, Caller, assert_invalid
from apps.testing.factories import reverse, sell

SECOND = "+989120000002"


def test_sales_to_a_number_are_added_up(owner: Caller, seller: Seller) -> None:
    sell(seller, "10.00")
    sell(seller, "0.50", phone_number=SECOND)
    last = sell(seller, "5.25")

    second, first = owner.get("phone-numbers/").body["results"]

    assert second["phone_number"] == SECOND
    assert TIME.fullmatch(first["last_charged_at"])
    assert first == {
        "phone_number": PHONE,
        "total_charged": "15.25",
        "charge_count": 2,
        "last_charged_at": format_time(last.created_at),
    }


def test_reversed_sales_do_not_count(owner: Caller, seller: Seller) -> None:
    first = sell(seller, "10.00")
    reverse(sell(seller, "1.00"))
    reverse(sell(seller, "1.00", phone_number=SECOND))

    [row] = owner.get("phone-numbers/").body["results"]

    assert (row["total_charged"], row["charge_count"]) == ("10.00", 1)
    assert row["last_charged_at"] == format_time(first.created_at)


def test_a_seller_sees_what_it_sold_and_staff_see_all(
    owner: Caller, support: Caller, seller: Seller, other_seller: Seller
) -> None:
    sell(seller, "1.00")
    sell(other_seller, "2.00")

    assert [row["total_charged"] for row in owner.get("phone-numbers/").body["results"]] == ["1.00"]
    assert [row["total_charged"] for row in support.get("phone-numbers/").body["results"]] == ["3.00"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("0000002", [SECOND]), ("98912", [SECOND, PHONE]), ("555", []), ("%", []), ("۹۸۹۱۲", [SECOND, PHONE]),
        ("0912345678٩", [PHONE]),
    ],
)  # fmt: skip
def test_search_finds_a_part_of_the_number(owner: Caller, seller: Seller, search: str, found: list[str]) -> None:
    sell(seller, "1.00")
    sell(seller, "1.00", phone_number=SECOND)

    rows = owner.get("phone-numbers/", {"search": search}).body["results"]

    assert [row["phone_number"] for row in rows] == found


@pytest.mark.parametrize("search", ["\x00", "9" * 17])
def test_a_search_that_is_no_number_is_refused(owner: Caller, search: str) -> None:
    assert_invalid(owner.get("phone-numbers/", {"search": search}), "search")
