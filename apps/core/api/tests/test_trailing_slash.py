"""A path without its trailing slash: the body of a request is never dropped on the way."""

import pytest
from django.test import override_settings

from apps.testing.api import PHONE, Caller, assert_problem
from apps.testing.invariants import nothing_changes
from apps.transactions.models import EntryType, LedgerEntry

CHARGE = {"phone_number": PHONE, "amount": "10.00"}


@pytest.mark.parametrize("is_debug", [False, True])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_may_have_a_body_is_sent_again_by_its_method(owner: Caller, method: str, is_debug: bool) -> None:
    with nothing_changes(), override_settings(DEBUG=is_debug):
        answer = owner.call(method, "/api/v1/charges?a=1&b=%2F", CHARGE)

    assert (answer.status, answer.headers["Location"]) == (308, "/api/v1/charges/?a=1&b=%2F")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_read_is_moved_as_ever(owner: Caller, method: str) -> None:
    answer = owner.call(method, "/api/v1/transactions?type=charge_sale")

    assert (answer.status, answer.headers["Location"]) == (301, "/api/v1/transactions/?type=charge_sale")


def test_a_client_that_follows_sells_once(owner: Caller) -> None:
    moved = owner.post("charges", CHARGE, key="k")

    answer = owner.post(moved.headers["Location"], CHARGE, key="k")

    assert answer.status == 201
    assert LedgerEntry.objects.filter(type=EntryType.CHARGE_SALE).count() == 1


@pytest.mark.parametrize("path", ["/api/v1/nothing-here", "/api/v1/nothing-here/", "//evil.example/charges", "/x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_path_that_is_none_either_way_is_not_found(owner: Caller, path: str, method: str) -> None:
    assert_problem(owner.call(method, path, CHARGE), 404, "not_found")
