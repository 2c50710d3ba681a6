"""Refused charges are counted once, by the service; and a caller that may not sell hears nothing about its input."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from prometheus_client import REGISTRY

from apps.accounts.models import Seller
from apps.testing.api import PHONE, Answer, Caller, assert_problem
from apps.testing.factories import claims_of, log_in, make_seller, owner_of
from apps.testing.invariants import nothing_changes
from apps.transactions.charges.refusals import BATCH_ROUTE
from apps.transactions.charges.services import sell_charge
from apps.transactions.ledger.write import InsufficientBalance
from apps.transactions.models import RefusalCount
from apps.transactions.totals.figures import refusals_today

ITEM = {"phone_number": PHONE, "amount": "10.00"}


def bulk(caller: Caller, *amounts: str, **members: object) -> int:
    """Send a batch with an item for each amount; return the status."""
    items = [{**ITEM, "amount": amount, "idempotency_key": f"k{amount}"} for amount in amounts]
    return caller.post("charges/bulk/", {"charges": items, **members}).status


def item_counter(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, {"route": BATCH_ROUTE, **labels}) or 0.0


def test_a_refused_charge_counts_once(owner: Caller) -> None:
    assert owner.charge("100.01").status == 409
    assert refusals_today() == [("insufficient_balance", 1)]


def test_a_refusal_counts_without_the_api(seller: Seller) -> None:
    with pytest.raises(InsufficientBalance):
        sell_charge(claims=claims_of(owner_of(seller)), phone_number=PHONE, amount=Decimal(1000))
    assert refusals_today() == [("insufficient_balance", 1)]


@pytest.mark.parametrize("is_atomic", [False, True])
def test_each_refused_item_of_a_batch_counts_once(owner: Caller, is_atomic: bool) -> None:
    code = "insufficient_balance"
    before = item_counter("sharj_refusals_total", code=code)
    assert bulk(owner, "100.01", "10.00", "100.02", atomic=is_atomic) == (409 if is_atomic else 200)
    assert refusals_today() == [(code, 2)]
    assert item_counter("sharj_refusals_total", code=code) - before == 2


def test_each_repeated_item_of_a_batch_counts_once(owner: Caller) -> None:
    bulk(owner, "1.00", "2.00")
    before = item_counter("sharj_replays_total")
    bulk(owner, "1.00", "2.00", "3.00")
    assert item_counter("sharj_replays_total") - before == 2


def test_a_batch_that_the_seller_may_not_send_counts_once(owner: Caller, seller: Seller) -> None:
    Seller.objects.filter(pk=seller.pk).update(status="suspended")
    assert bulk(owner, "1.00", "2.00") == 403
    assert refusals_today() == [("seller_not_active", 1)]


def test_wrong_input_is_not_a_refused_charge(owner: Caller) -> None:
    assert owner.charge("0").status == 400
    assert not RefusalCount.objects.exists()


SENDINGS: dict[str, Callable[[Caller], Answer]] = {
    "amount": lambda caller: caller.charge("0"),
    "key": lambda caller: caller.charge(key="ключ".encode().decode("latin-1")),
    "JSON": lambda caller: caller.send("POST", "charges/", b"{"),
    "media type": lambda caller: caller.send("POST", "charges/", b"a", content_type="text/plain"),
    "size": lambda caller: caller.send("POST", "charges/", b" " * 3_000_000),
    "batch": lambda caller: caller.post("charges/bulk/", {}),
    "batch's JSON": lambda caller: caller.send("POST", "charges/bulk/", b"{"),
}


@pytest.mark.parametrize("fault", SENDINGS)
def test_a_caller_that_may_not_sell_is_told_that_before_the_faults_of_its_input(
    fault: str, owner: Caller, viewer: Caller, admin: Caller
) -> None:
    send = SENDINGS[fault]
    with nothing_changes():
        for caller in (viewer, admin):
            assert_problem(send(caller), 403, "permission_denied")
        assert send(owner).status in (400, 413, 415)


@pytest.mark.django_db(transaction=True)
def test_wrong_input_while_the_database_is_away_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    caller = log_in(owner_of(make_seller()))
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "HOST", "/nowhere")
        answer = caller.charge("0")
        connection.close()
    assert_problem(answer, 503, "temporarily_unavailable")
