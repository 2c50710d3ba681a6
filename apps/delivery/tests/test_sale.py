"""Sales that an operator delivers: who delivers them, what is refused, and that the charge path stays as short."""

import csv
import io
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import Seller
from apps.delivery.adapters.protocol import Answer, Outcome
from apps.delivery.models import Delivery, NumberRange
from apps.delivery.routing import Products, routes
from apps.testing.api import PHONE, Caller, assert_invalid, assert_problem
from apps.testing.deliveries import CODE, delivering, make_operator, take
from apps.testing.factories import log_in, make_seller, owner_of
from apps.testing.invariants import CHARGE_QUERIES, assert_ledger_consistent, nothing_changes
from apps.transactions.models import LedgerEntry

RIGHTEL = "+989201234567"


@pytest.fixture(autouse=True)
def _on() -> Iterator[None]:
    with delivering():
        yield


def test_without_an_operator_nothing_changes(owner: Caller) -> None:
    assert owner.charge("1.00").body["delivery"] is None
    assert not Delivery.objects.exists()
    with nothing_changes():
        assert_problem(
            owner.post("charges/", {"phone_number": PHONE, "amount": "1.00", "operator": CODE}),
            404,
            "operator_not_found",
        )


def test_switched_off_the_operators_are_not_asked(owner: Caller, settings: Any) -> None:
    make_operator()
    settings.DELIVERY = False
    assert owner.charge("1.00").body["delivery"] is None


def test_a_charge_begins_its_delivery(owner: Caller, seller: Seller) -> None:
    make_operator()

    sold = owner.charge("1.00").body

    assert sold["delivery"] == {
        "status": "pending", "operator": CODE, "operator_reference": None, "attempts": 0,
        "updated_at": sold["created_at"],
    }  # fmt: skip
    delivery = Delivery.objects.get()
    assert (str(delivery.pk), delivery.seller, delivery.operator_id, delivery.status) == (
        sold["id"],
        seller,
        CODE,
        "pending",
    )
    assert delivery.next_step_at is not None
    assert owner.get(f"transactions/{sold['id']}/").body == sold
    assert owner.get("transactions/", {"delivery_status": "pending"}).body["results"] == [sold]
    assert owner.get("transactions/", {"delivery_status": "unknown"}).body["results"] == []
    assert_ledger_consistent()


@pytest.mark.django_db(transaction=True)
def test_a_charge_with_a_delivery_takes_four_queries_too(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make_operator()
    caller = log_in(owner_of(make_seller(balance="100.00")))
    routes.refresh()
    for number in range(3):
        with django_assert_num_queries(CHARGE_QUERIES):
            assert caller.charge("1.00", key=str(number)).body["delivery"]["status"] == "pending"


def test_the_operator_follows_from_the_number(owner: Caller) -> None:
    make_operator()
    make_operator("rightel", carrier_names=["Rightel"])

    assert owner.charge("1.00").body["delivery"]["operator"] == CODE
    assert owner.charge("1.00", phone_number=RIGHTEL).body["delivery"]["operator"] == "rightel"


def test_a_range_of_ours_stands_above_what_the_library_knows(owner: Caller) -> None:
    make_operator()
    other = make_operator("other", carrier_names=[])
    NumberRange.objects.create(prefix=PHONE[:7], operator=other)
    routes.forget()

    assert owner.charge("1.00").body["delivery"]["operator"] == "other"


def test_a_carrier_within_the_range_of_ours_is_not_ours(owner: Caller) -> None:
    make_operator("irancell", carrier_names=["Irancell"])
    with nothing_changes():
        answer = owner.charge("1.00", phone_number="+989311234567")  # MTCE, within Irancell's +9893

    assert_problem(answer, 404, "operator_not_found")


def test_a_ported_number_goes_to_the_operator_that_the_caller_names(owner: Caller) -> None:
    make_operator()
    make_operator("other", carrier_names=[])

    sold = owner.post("charges/", {"phone_number": PHONE, "amount": "1.00", "operator": "other"}, key="k").body

    assert sold["delivery"]["operator"] == "other"
    assert owner.charge("1.00", key="k").body == sold
    again = owner.post("charges/", {"phone_number": PHONE, "amount": "1.00", "operator": CODE}, key="k")
    assert_problem(again, 422, "idempotency_key_reused")


def test_what_cannot_be_delivered_is_not_sold(owner: Caller) -> None:
    operator = make_operator(min_amount="5.00", max_amount="10.00", amounts=["20.00", "50.00"])
    with nothing_changes():
        assert_problem(owner.charge("1.00", phone_number=RIGHTEL), 404, "operator_not_found")
        assert_problem(owner.charge("1.00"), 422, "product_not_offered", nearest_amounts=["5.00"])
        assert_problem(owner.charge("15.00"), 422, "product_not_offered", nearest_amounts=["10.00", "20.00"])
        assert_problem(owner.charge("60.00"), 422, "product_not_offered", nearest_amounts=["50.00"])
        names: list[object] = ["", "x" * 33, [], None, "\0"]
        for name in names:
            assert_invalid(
                owner.post("charges/", {"phone_number": PHONE, "amount": "7.00", "operator": name}), "operator"
            )
    assert owner.charge("7.00").status == owner.charge("20.00").status == 201

    operator.is_open = False
    operator.save()
    routes.forget()
    with nothing_changes():
        assert_problem(owner.charge("7.00"), 503, "operator_unavailable", operator=CODE)


def test_a_closed_operator_is_seen_within_seconds(owner: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    routes.forget()
    operator = make_operator()
    assert owner.charge("1.00").status == 201
    operator.is_open = False
    operator.save()

    now[0] += 3.0

    assert owner.charge("1.00").status == 503


def test_a_repeat_is_answered_although_its_operator_has_closed(owner: Caller) -> None:
    operator = make_operator()
    sold = owner.charge("1.00", key="k").body
    take(LedgerEntry.objects.get(pk=sold["id"]), Answer(Outcome.DELIVERED, operator_reference="R1"))
    operator.is_open = False
    operator.save()
    routes.forget()

    again = owner.charge("1.00", key="k")

    assert (again.status, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert again.body["delivery"] == {
        "status": "delivered", "operator": CODE, "operator_reference": "R1", "attempts": 1,
        "updated_at": again.body["delivery"]["updated_at"],
    }  # fmt: skip
    assert {name: again.body[name] for name in sold.keys() - {"delivery"}} == {
        name: sold[name] for name in sold.keys() - {"delivery"}
    }


def test_each_item_of_a_batch_has_its_operator(owner: Caller) -> None:
    make_operator(max_amount="5.00")
    make_operator("other", carrier_names=[])
    items = [
        {"phone_number": PHONE, "amount": "1.00"},
        {"phone_number": PHONE, "amount": "9.00"},
        {"phone_number": RIGHTEL, "amount": "1.00"},
        {"phone_number": RIGHTEL, "amount": "1.00", "operator": "other"},
        {"phone_number": RIGHTEL, "amount": "1.00", "operator": "nobody's"},
    ]

    for query in ("?dry_run=true", ""):
        results = owner.post(f"charges/bulk/{query}", {"charges": items}).body["results"]

        assert [result["outcome"] for result in results] == ["accepted", "rejected", "rejected", "accepted", "rejected"]
        codes = [result["error"] and result["error"]["code"] for result in results]
        assert codes == [None, "product_not_offered", "operator_not_found", None, "operator_not_found"]
    assert results[3]["transaction"]["delivery"]["operator"] == "other"
    assert Delivery.objects.count() == 2


def test_a_dry_run_judges_the_operator_and_begins_nothing(owner: Caller) -> None:
    make_operator(max_amount="5.00")
    with nothing_changes():
        good = owner.post("charges/?dry_run=true", {"phone_number": PHONE, "amount": "1.00"}).body
        bad = owner.post("charges/?dry_run=true", {"phone_number": PHONE, "amount": "9.00"}).body
    assert (good["would_succeed"], bad["code"]) == (True, "product_not_offered")


def test_the_nearest_amounts_are_for_sale() -> None:
    products = Products((Decimal(5), Decimal(10)), (Decimal(3), Decimal(20)))
    assert [products.offer(Decimal(each)) for each in (3, 4, 5, 7, 10, 11, 20)] == [
        True,
        False,
        True,
        True,
        True,
        False,
        True,
    ]
    assert products.nearest(Decimal(4)) == [Decimal(3), Decimal(5)]


def test_the_csv_says_who_delivered(owner: Caller) -> None:
    make_operator()
    owner.charge("1.00")

    rows = list(csv.DictReader(io.StringIO(owner.get("transactions/", Accept="text/csv").content.decode())))

    assert (rows[0]["operator"], rows[0]["delivery_status"]) == (CODE, "pending")
    assert (rows[1]["operator"], rows[1]["delivery_status"]) == ("", "")
