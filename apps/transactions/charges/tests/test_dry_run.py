"""`?dry_run=true`: what a sale would answer, by the sale's own checks, and nothing else."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Seller
from apps.core.observability import metrics
from apps.testing.api import PHONE, Answer, Caller, assert_invalid, assert_problem
from apps.testing.factories import log_in, make_seller, owner_of
from apps.testing.invariants import nothing_changes
from apps.testing.races import wallet_locked_elsewhere
from apps.transactions.models import LedgerEntry, RefusalCount

CHARGE = {"phone_number": PHONE, "amount": "10.00"}


def ask(caller: Caller, amount: str = "10.00", key: str | None = None) -> Answer:
    return caller.post("charges/?dry_run=true", {"phone_number": PHONE, "amount": amount}, key=key)


def ask_bulk(caller: Caller, *items: object, **members: object) -> Answer:
    return caller.post("charges/bulk/?dry_run=true", {"charges": list(items), **members})


def item(amount: str = "10.00", key: str | None = None) -> dict[str, str]:
    return {"phone_number": PHONE, "amount": amount} | ({} if key is None else {"idempotency_key": key})


def test_a_charge_that_would_be_sold(owner: Caller) -> None:
    with nothing_changes():
        answer = ask(owner, "30.00", "k")

    assert answer.status == 200
    assert answer.body == {
        "would_succeed": True, "code": None, "balance_after": "70.00", "outcome": "accepted", "transaction": None,
        "error": None,
    }  # fmt: skip
    assert owner.charge("30.00", key="k").body["balance_after"] == "70.00"


@pytest.mark.parametrize(
    ("changes", "amount", "key", "code"),
    [
        ({}, "100.01", None, "insufficient_balance"),
        ({"daily_limit": "15.00"}, "6.00", None, "daily_limit_exceeded"),
        ({"status": "suspended"}, "1.00", None, "seller_not_active"),
        ({"require_idempotency_key": True}, "1.00", None, "idempotency_key_required"),
        ({}, "1.00", "spent", "idempotency_key_reused"),
    ],
)
def test_a_refusal_is_the_one_that_the_sale_gets(
    owner: Caller, seller: Seller, changes: dict[str, Any], amount: str, key: str | None, code: str
) -> None:
    owner.charge("10.00", key="spent")
    Seller.objects.filter(pk=seller.pk).update(**changes)

    with nothing_changes():
        answer = ask(owner, amount, key)
        refused = owner.charge(amount, key=key).body

    assert (answer.status, answer.body["would_succeed"], answer.body["outcome"]) == (200, False, "rejected")
    assert (answer.body["code"], answer.body["balance_after"]) == (code, "90.00")
    told = {name: value for name, value in refused.items() if name not in ("type", "status", "request_id")}
    assert answer.body["error"] == told


def test_a_spent_key_would_be_replayed(owner: Caller) -> None:
    sold = owner.charge("10.00", key="k").body

    with nothing_changes():
        answer = ask(owner, "10.00", "k")

    assert "Idempotent-Replayed" not in answer.headers
    assert answer.body == {
        "would_succeed": True, "code": None, "balance_after": "90.00", "outcome": "replayed", "transaction": sold,
        "error": None,
    }  # fmt: skip


def test_it_uses_no_key(owner: Caller) -> None:
    ask(owner, "10.00", "k")
    ask_bulk(owner, item("10.00", "k"))

    answer = owner.charge("20.00", key="k")

    assert (answer.status, "Idempotent-Replayed" in answer.headers) == (201, False)


@pytest.mark.parametrize("path", ["charges/", "charges/bulk/"])
@pytest.mark.parametrize("value", ["", "True", "TRUE", "1", "yes", "tru", "true&dry_run=false", "false&dry_run=false"])
def test_another_value_is_refused_and_sells_nothing(owner: Caller, path: str, value: str) -> None:
    with nothing_changes():
        answer = owner.post(f"{path}?dry_run={value}", CHARGE if path == "charges/" else {"charges": [CHARGE]})

    assert_invalid(answer, "dry_run")


def test_false_sells(owner: Caller) -> None:
    assert owner.post("charges/?dry_run=false", CHARGE).status == 201
    assert owner.post("charges/bulk/?dry_run=false", {"charges": [CHARGE]}).body["accepted"] == 1


@pytest.mark.parametrize(("path", "body"), [("charges/", CHARGE), ("charges/bulk/", {"charges": [CHARGE]})])
def test_who_may_not_sell_may_not_ask_and_nonsense_is_refused(
    owner: Caller, viewer: Caller, anonymous: Caller, admin: Caller, path: str, body: object
) -> None:
    with nothing_changes():
        for caller in (viewer, admin):
            assert_problem(caller.post(f"{path}?dry_run=true", body), 403, "permission_denied")
        assert_problem(anonymous.post(f"{path}?dry_run=true", body), 401, "not_authenticated")
        assert_invalid(owner.post(f"{path}?dry_run=true", {}))


def test_each_item_of_a_batch_is_judged_after_those_before_it(owner: Caller) -> None:
    sold = owner.charge("10.00", key="old").body
    items = [item("50.00", "a"), item("50.00", "b"), item("40.00"), item("50.00", "a"), item("10.00", "old")]

    with nothing_changes():
        answer = ask_bulk(owner, *items)
    real = owner.post("charges/bulk/", {"charges": items})

    def told(body: Any) -> list[tuple[str, str | None]]:
        return [(result["outcome"], result["error"] and result["error"]["code"]) for result in body["results"]]

    assert answer.status == 200
    assert told(answer.body) == told(real.body) == [
        ("accepted", None), ("rejected", "insufficient_balance"), ("accepted", None), ("replayed", None),
        ("replayed", None),
    ]  # fmt: skip
    assert [result["transaction"] for result in answer.body["results"]] == [None, None, None, None, sold]
    verdict = {"would_succeed": False, "code": None}
    assert {**answer.body, "results": 0} == {**real.body, "results": 0} | verdict


def test_an_atomic_batch_with_one_refusal_would_be_refused(owner: Caller) -> None:
    with nothing_changes():
        answer = ask_bulk(owner, item("50.00"), item("60.00"), atomic=True)

    body = answer.body
    assert (answer.status, body["would_succeed"], body["code"]) == (200, False, "bulk_rejected")
    assert [result["error"]["code"] for result in body["results"]] == ["bulk_rejected", "insufficient_balance"]
    assert (body["accepted"], body["total_amount"], body["balance_after"]) == (0, "0.00", "100.00")


def test_a_batch_that_would_be_sold_whole(owner: Caller) -> None:
    with nothing_changes():
        body = ask_bulk(owner, item("50.00"), item("50.00"), atomic=True).body

    assert (body["would_succeed"], body["code"], body["balance_after"]) == (True, None, "0.00")


def test_a_batch_of_a_seller_that_is_not_active(owner: Caller, seller: Seller) -> None:
    Seller.objects.filter(pk=seller.pk).update(status="suspended")

    with nothing_changes():
        body = ask_bulk(owner, item(), item()).body

    assert (body["would_succeed"], body["code"], body["rejected"]) == (False, "seller_not_active", 2)
    assert {result["error"]["code"] for result in body["results"]} == {"seller_not_active"}


def test_no_refusal_is_counted(owner: Caller) -> None:
    counter = metrics.REFUSALS.labels("api/v1/charges/bulk/", "insufficient_balance")
    before = counter._value.get()

    ask(owner, "500.00")
    ask_bulk(owner, item("500.00"))

    assert RefusalCount.objects.count() == 0
    assert counter._value.get() == before


@pytest.mark.django_db(transaction=True)
def test_it_takes_no_lock_and_reads_only() -> None:
    seller = make_seller(balance="100.00")
    caller = log_in(owner_of(seller))
    caller.charge("10.00", key="k")
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")

    with nothing_changes(), wallet_locked_elsewhere(seller.pk), CaptureQueriesContext(connection) as queries:
        assert ask(caller).body["balance_after"] == "80.00"
        assert ask(caller, "10.00", "k").body["outcome"] == "replayed"
        assert ask_bulk(caller, item("1.00", "k2"), item("10.00", "k")).body["would_succeed"] is True
    connection.close()

    statements = [query["sql"] for query in queries]
    assert len(statements) == 1 + 2 + 2
    assert all(sql.lstrip().startswith("SELECT") and "FOR NO KEY UPDATE" not in sql for sql in statements)
    assert LedgerEntry.objects.count() == 2
