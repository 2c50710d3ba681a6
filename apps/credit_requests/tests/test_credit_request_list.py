"""GET credit-requests/: filters and scope."""

import pytest

from apps.accounts.models import Seller
from apps.core.values.times import format_time
from apps.credit_requests.models import CreditRequest
from apps.testing.api import Answer, Caller, assert_invalid
from apps.testing.factories import NEVER, file_request, log_in, make_staff


@pytest.fixture(autouse=True)
def requests(seller: Seller, other_seller: Seller) -> list[CreditRequest]:
    """Of `seller`: 100.00 (approved, its first money), 1.00 (rejected), 2.00 (pending)."""
    rejected = file_request(seller, "1.00")
    log_in(make_staff("admin")).post(f"credit-requests/{rejected.pk}/reject/", {"reason": "no"})
    file_request(seller, "2.00")
    return list(CreditRequest.objects.filter(seller=seller).order_by("pk"))


def _amounts(answer: Answer) -> list[str]:
    return [row["amount"] for row in answer.body["results"]]


@pytest.mark.parametrize(
    ("query", "amounts"),
    [
        ({}, ["2.00", "1.00", "100.00"]),
        ({"status": "pending"}, ["2.00"]),
        ({"status": "approved"}, ["100.00"]),
        ({"status": "rejected"}, ["1.00"]),
        ({"status": "cancelled"}, []),
        ({"created_after": "2999-01-01T00:00:00Z"}, []),
        ({"created_before": "1970-01-01T00:00:00Z"}, []),
        ({"created_after": "0001-01-01T00:00:00Z"}, ["2.00", "1.00", "100.00"]),
    ],
    ids=str,
)
def test_filters_choose_requests(owner: Caller, query: dict[str, str], amounts: list[str]) -> None:
    assert _amounts(owner.get("credit-requests/", query)) == amounts


def test_a_window_begins_inclusive_and_ends_exclusive(owner: Caller, requests: list[CreditRequest]) -> None:
    second, third = (format_time(request.requested_at) for request in requests[1:])

    answer = owner.get("credit-requests/", {"created_after": second, "created_before": third})

    assert _amounts(answer) == ["1.00"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "open"),
        ("status", "\x00"),
        ("seller", "1"),
        ("created_after", "x"),
        ("created_before", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_a_filter_of_the_wrong_kind_is_refused(owner: Caller, name: str, value: str) -> None:
    assert_invalid(owner.get("credit-requests/", {name: value}), name)


def test_a_seller_sees_only_its_own(owner: Caller, seller: Seller, other_seller: Seller) -> None:
    assert {row["seller"] for row in owner.get("credit-requests/").body["results"]} == {str(seller.pk)}
    assert owner.get("credit-requests/", {"seller": other_seller.pk}).body["results"] == []


def test_staff_see_all_and_may_choose(support: Caller, seller: Seller, other_seller: Seller) -> None:
    assert len(support.get("credit-requests/").body["results"]) == 4
    assert _amounts(support.get("credit-requests/", {"seller": other_seller.pk})) == ["100.00"]
    assert support.get("credit-requests/", {"seller": NEVER}).body["results"] == []


def test_a_listed_request_looks_as_a_single_one(owner: Caller) -> None:
    for row in owner.get("credit-requests/").body["results"]:
        assert owner.get(f"credit-requests/{row['id']}/").body == row
