"""GET sellers/{id}/balance/."""

from typing import Any

import pytest

from apps.accounts.models import Seller
from apps.testing.api import TIME, Caller, assert_problem
from apps.testing.factories import NEVER


def test_a_balance_says_what_can_be_sold_today(owner: Caller, seller: Seller) -> None:
    Seller.objects.filter(pk=seller.pk).update(daily_limit="50.00")
    owner.charge("20.00")

    body = owner.get("sellers/me/balance/").body

    assert TIME.fullmatch(body.pop("as_of"))
    assert body == {
        "seller_id": str(seller.pk),
        "balance": "80.00",
        "sequence": 2,
        "daily_limit": "50.00",
        "spent_today": "20.00",
        "available_today": "30.00",
    }


def test_without_a_daily_limit_there_is_none_to_tell(owner: Caller) -> None:
    body = owner.get("sellers/me/balance/").body

    assert (body["daily_limit"], body["available_today"], body["spent_today"]) == (None, None, "0.00")


def test_staff_read_it_by_id(auditor: Caller, seller: Seller) -> None:
    assert auditor.get(f"sellers/{seller.pk}/balance/").body["balance"] == "100.00"


@pytest.mark.parametrize("what", ["balance", "transactions", "reconciliation"])
def test_another_sellers_is_not_found(owner: Caller, auditor: Caller, other_seller: Seller, what: str) -> None:
    assert_problem(owner.get(f"sellers/{other_seller.pk}/{what}/"), 404, "not_found")
    assert_problem(auditor.get(f"sellers/me/{what}/"), 404, "not_found")


@pytest.mark.parametrize("what", ["balance", "reconciliation"])
def test_an_unknown_sellers_is_not_found(auditor: Caller, what: str) -> None:
    assert_problem(auditor.get(f"sellers/{NEVER}/{what}/"), 404, "not_found")


@pytest.mark.parametrize("path", ["auth/me/", "sellers/me/balance/"])
def test_a_seller_reads_itself_with_one_query(path: str, owner: Caller, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert owner.get(path).status == 200
