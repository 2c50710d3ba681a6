"""The number of queries of a request does not grow with the data."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import Seller
from apps.testing.api import PHONE, Caller
from apps.testing.contract.lists import LISTS
from apps.testing.deliveries import make_operator, unknown_delivery
from apps.testing.factories import file_request, log_in, make_seller, owner_of, reverse, sell
from apps.testing.invariants import CHARGE_QUERIES
from apps.transactions.models import EntryType, LedgerEntry

SMALL, LARGE = 1, 20


def _queries_of(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        act()
    return len(queries)


@pytest.mark.parametrize("path", [*LISTS, "reconciliation/", "sellers/{seller}/reconciliation/"])
def test_a_read_of_twenty_rows_asks_as_often_as_one_of_a_single_row(
    admin: Caller, seller: Seller, path: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    url = path.format(seller=seller.pk)
    unknown_delivery(seller)
    admin.get(url)
    queries = _queries_of(lambda: admin.get(url))

    for number in range(LARGE):
        make_seller(balance="1.00")
        reverse(sell(seller, "0.01"))
        sell(seller, "0.01", phone_number=f"+98912{number:07}")
        file_request(seller)
        make_operator(f"op{number}", carrier_names=[])
        unknown_delivery(seller)

    with django_assert_num_queries(queries):
        answer = admin.get(url)
    assert len(answer.body.get("results", [None] * LARGE)) >= LARGE


@pytest.mark.django_db(transaction=True)
def test_a_charge_takes_four_queries_however_long_the_ledger_is(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    seller = make_seller(balance="100.00")
    caller = log_in(owner_of(seller))

    for number in range(30):
        with django_assert_num_queries(CHARGE_QUERIES):
            assert caller.charge("1.00", key=str(number)).status == 201


@pytest.mark.django_db(transaction=True)
def test_a_repeat_asks_no_more_often_than_a_charge(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    seller = make_seller(balance="100.00")
    caller = log_in(owner_of(seller))
    items = [{"phone_number": PHONE, "amount": "1.00", "idempotency_key": str(number)} for number in range(LARGE)]
    assert caller.post("charges/bulk/", {"charges": items}).body["accepted"] == LARGE
    for entry in LedgerEntry.objects.filter(type=EntryType.CHARGE_SALE)[: LARGE // 2]:
        reverse(entry)

    with django_assert_num_queries(CHARGE_QUERIES):
        assert caller.charge("1.00", key="0").headers["Idempotent-Replayed"] == "true"
    with django_assert_num_queries(CHARGE_QUERIES):
        assert caller.post("charges/bulk/", {"charges": items}).body["replayed"] == LARGE
