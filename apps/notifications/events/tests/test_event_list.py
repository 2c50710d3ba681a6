"""`GET events/`: a seller's own, oldest first, after the last one that its program has seen."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.accounts.models import Seller
from apps.core.values.ids import uuid7_at
from apps.outbox.models import Event
from apps.testing.api import TIME, UUID7, Caller, assert_invalid, assert_problem
from apps.testing.factories import add_credit, file_request, log_in, make_seller, owner_of, reverse, sell


@pytest.fixture
def told(seller: Seller, other_seller: Seller) -> list[str]:
    """The ids of the events of `seller`, in their order; another has some too."""
    add_credit(seller, "5.00")
    add_credit(other_seller, "5.00")
    reverse(sell(seller))
    return [str(event.pk) for event in Event.objects.filter(seller_id=seller.pk).order_by("sequence")]


def test_it_lists_the_sellers_own_oldest_first(viewer: Caller, seller: Seller, told: list[str]) -> None:
    answer = viewer.get("events/")

    assert answer.status == 200
    assert [event["id"] for event in answer.body["results"]] == told
    newest = answer.body["results"][-1]
    assert newest.keys() == {"id", "type", "timestamp", "data"}
    assert UUID7.fullmatch(newest["id"])
    assert TIME.fullmatch(newest["timestamp"])
    assert newest["data"] == viewer.get(f"transactions/{newest['data']['id']}/").body


def test_a_program_that_goes_on_after_the_last_one_misses_none_and_sees_none_twice(
    owner: Caller, seller: Seller, told: list[str]
) -> None:
    seen: list[str] = []
    while results := owner.get("events/", {"after": seen[-1], "page_size": 1} if seen else {"page_size": 1}).body[
        "results"
    ]:
        seen += [event["id"] for event in results]
    assert seen == told

    add_credit(seller, "1.00")

    [new] = owner.get("events/", {"after": seen[-1]}).body["results"]
    assert (new["type"], new["data"]["amount"]) == ("credit_request.approved", "1.00")


def test_pages_of_one_reading_join(owner: Caller, told: list[str]) -> None:
    first = owner.get("events/", {"after": told[0], "page_size": 1}).body
    second = owner.get(first["next"]).body

    assert [event["id"] for event in first["results"] + second["results"]] == told[1:3]
    assert owner.get(second["previous"]).body["results"] == first["results"]


def test_it_is_filtered_by_type(owner: Caller, told: list[str]) -> None:
    answer = owner.get("events/", {"type": "transaction.reversed"})

    assert [event["id"] for event in answer.body["results"]] == told[-1:]


def test_an_event_that_was_dropped_long_ago_is_still_a_place_to_go_on_from(owner: Caller, told: list[str]) -> None:
    dropped = uuid7_at(datetime.now(UTC) - timedelta(days=40))

    assert [event["id"] for event in owner.get("events/", {"after": str(dropped)}).body["results"]] == told


@pytest.mark.parametrize(
    "query",
    [
        {"after": "7"}, {"after": "dd6ee29c-1b0c-4b0e-8f3c-2b1f4c0a5a10"}, {"type": "charge.sold"}, {"seller": "me"},
        {"cursor": "x"}, {"page_size": "501"},
    ],
)  # fmt: skip
def test_other_queries_are_refused(owner: Caller, query: dict[str, str]) -> None:
    assert_invalid(owner.get("events/", query), *query)


def test_staff_have_no_events(admin: Caller) -> None:
    assert_problem(admin.get("events/"), 403, "permission_denied")


def test_a_pending_seller_reads_its_own(db: None) -> None:
    pending = make_seller(status=Seller.Status.PENDING)
    file_request(pending)

    assert log_in(owner_of(pending)).get("events/").body == {"next": None, "previous": None, "results": []}
