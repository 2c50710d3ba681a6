"""POST charges/bulk/: many charges, one lock, an outcome for each."""

from typing import Any

import pytest

from apps.accounts.models import Seller
from apps.testing.api import PHONE, Answer, Caller, assert_invalid, assert_problem
from apps.testing.factories import add_credit, log_in, make_seller, owner_of, reverse
from apps.testing.invariants import assert_ledger_consistent, nothing_changes
from apps.testing.races import race
from apps.transactions.models import LedgerEntry, Wallet


def item(amount: object = "10.00", key: str | None = None, phone_number: object = PHONE) -> dict[str, object]:
    given = {"phone_number": phone_number, "amount": amount}
    return given if key is None else {**given, "idempotency_key": key}


def send(caller: Caller, *items: object, **members: object) -> Answer:
    return caller.post("charges/bulk/", {"charges": list(items), **members})


def outcomes(answer: Answer) -> list[tuple[str, str | None]]:
    """Return each item's outcome and the code of its refusal, after checking that the results are in order."""
    results = answer.body["results"]
    assert [result["index"] for result in results] == list(range(len(results)))
    assert all((result["transaction"] is None) == (result["outcome"] == "rejected") for result in results)
    return [(result["outcome"], result["error"] and result["error"]["code"]) for result in results]


def totals(answer: Answer) -> dict[str, Any]:
    return {name: value for name, value in answer.body.items() if name != "results"}


def test_each_item_is_sold_in_its_order(owner: Caller, seller: Seller) -> None:
    answer = send(owner, item("10.00"), item("20.00", "a"), item("30.00", phone_number="0912 345 6780"))

    assert answer.status == 200
    assert totals(answer) == {
        "accepted": 3, "rejected": 0, "replayed": 0, "total_amount": "60.00", "balance_after": "40.00",
    }  # fmt: skip
    sold = [result["transaction"] for result in answer.body["results"]]
    assert [(entry["sequence"], entry["amount"], entry["balance_after"]) for entry in sold] == [
        (2, "10.00", "90.00"), (3, "20.00", "70.00"), (4, "30.00", "40.00"),
    ]  # fmt: skip
    assert sold[1]["idempotency_key"] == "a"
    assert sold[2]["phone_number"] == "+989123456780"
    assert owner.get(f"transactions/{sold[2]['id']}/").body == sold[2]
    assert_ledger_consistent()


def test_an_item_that_is_refused_does_not_stop_the_next(owner: Caller, seller: Seller) -> None:
    answer = send(owner, item("90.00"), item("20.00"), item("10.00"))

    assert outcomes(answer) == [("accepted", None), ("rejected", "insufficient_balance"), ("accepted", None)]
    error = answer.body["results"][1]["error"]
    assert (error["available_balance"], error["required_amount"], error["shortage"]) == ("10.00", "20.00", "10.00")
    assert totals(answer) == {
        "accepted": 2, "rejected": 1, "replayed": 0, "total_amount": "100.00", "balance_after": "0.00",
    }  # fmt: skip
    assert_ledger_consistent()


def test_the_daily_limit_counts_within_the_batch(owner: Caller, seller: Seller) -> None:
    Seller.objects.filter(pk=seller.pk).update(daily_limit="25.00")

    answer = send(owner, item("20.00"), item("10.00"), item("5.00"))

    assert outcomes(answer) == [("accepted", None), ("rejected", "daily_limit_exceeded"), ("accepted", None)]
    assert owner.get("sellers/me/balance/").body["spent_today"] == "25.00"


def test_a_key_that_moved_money_is_replayed(owner: Caller) -> None:
    original = owner.charge("10.00", key="k").body

    with nothing_changes():
        answer = send(owner, item("10.00", "k"), item("11.00", "k"))

    assert outcomes(answer) == [("replayed", None), ("rejected", "idempotency_key_reused")]
    assert answer.body["results"][0]["transaction"] == original
    assert totals(answer) == {
        "accepted": 0, "rejected": 1, "replayed": 1, "total_amount": "0.00", "balance_after": "90.00",
    }  # fmt: skip


def test_a_replayed_item_shows_its_entry_as_it_is_now(owner: Caller) -> None:
    original = owner.charge("10.00", key="k").body
    reversal = reverse(LedgerEntry.objects.get(pk=original["id"]))

    with nothing_changes():
        answer = send(owner, item("10.00", "k"))

    assert answer.body["results"][0]["transaction"] == {**original, "reversed_by": str(reversal.pk)}


def test_a_duplicate_key_within_the_batch_replays_the_first(owner: Caller) -> None:
    answer = send(owner, item("10.00", "k"), item("10.00", "k"), item("11.00", "k"))

    assert outcomes(answer) == [("accepted", None), ("replayed", None), ("rejected", "idempotency_key_reused")]
    first, second, _ = answer.body["results"]
    assert second["transaction"] == first["transaction"]
    assert_ledger_consistent()


def test_a_refused_item_leaves_its_key_free(owner: Caller, seller: Seller) -> None:
    assert outcomes(send(owner, item("200.00", "k"))) == [("rejected", "insufficient_balance")]
    add_credit(seller, "100.00")

    assert outcomes(send(owner, item("200.00", "k"))) == [("accepted", None)]


def test_the_same_batch_again_sells_nothing(owner: Caller) -> None:
    batch = [item("10.00", f"k{number}") for number in range(5)]
    original = send(owner, *batch)

    with nothing_changes():
        again = send(owner, *batch)

    assert outcomes(again) == [("replayed", None)] * 5
    transactions = [[result["transaction"] for result in answer.body["results"]] for answer in (original, again)]
    assert transactions[0] == transactions[1]


def test_an_atomic_batch_is_sold_whole(owner: Caller) -> None:
    assert outcomes(send(owner, item("60.00"), item("40.00"), atomic=True)) == [("accepted", None)] * 2


def test_one_refusal_refuses_an_atomic_batch(owner: Caller) -> None:
    owner.charge("1.00", key="earlier")

    with nothing_changes():
        answer = send(
            owner, item("1.00", "earlier"), item("10.00", "k"), item("10.00", "k"), item("200.00"), atomic=True
        )

    told = {"accepted": 0, "rejected": 3, "replayed": 1, "total_amount": "0.00", "balance_after": "99.00"}
    assert_problem(answer, 409, "bulk_rejected", **told, results=answer.body["results"])
    assert outcomes(answer) == [
        ("replayed", None), ("rejected", "bulk_rejected"), ("rejected", "bulk_rejected"),
        ("rejected", "insufficient_balance"),
    ]  # fmt: skip
    assert owner.charge("10.00", key="k").status == 201  # its keys stay free


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (None, "charges"),
        ({}, "charges"),
        ({"charges": {}}, "charges"),
        ({"charges": "x"}, "charges"),
        ({"charges": []}, "charges"),
        ({"charges": [item()] * 1001}, "charges"),
        ({"charges": [1] * 1001}, "charges"),
        ({"charges": [item()], "currency": "USD"}, "currency"),
        ({"charges": [1], "idempotency_key": "k"}, "idempotency_key"),
        ({"charges": [item()], "atomic": "perhaps"}, "atomic"),
        ({"charges": [item()], "atomic": None}, "atomic"),
    ],
    ids=lambda value: value if isinstance(value, str) else "body",
)
def test_a_batch_that_is_not_well_formed_is_refused_whole(owner: Caller, body: object, field: str) -> None:
    with nothing_changes():
        answer = owner.post("charges/bulk/", body)

    assert_problem(answer, 400, "validation_error", errors=answer.body["errors"])
    assert field in {error["field"].removesuffix(".non_field_errors") for error in answer.body["errors"]}


# The item, the field that its refusal names, and the code.
MALFORMED: dict[str, tuple[object, str, str]] = {
    "a number": (1, "non_field_errors", "invalid"),
    "null": (None, "non_field_errors", "null"),
    "a list": ([item()], "non_field_errors", "invalid"),
    "a string": ("item", "non_field_errors", "invalid"),
    "no phone number": ({"amount": "1"}, "phone_number", "required"),
    "no amount": ({"phone_number": PHONE}, "amount", "required"),
    "an amount of zero": (item("0"), "amount", "invalid_amount"),
    "an amount with an exponent": (item("1e3"), "amount", "invalid_amount"),
    "an amount of null": (item(None), "amount", "null"),
    "a landline": (item(phone_number="021"), "phone_number", "invalid_phone_number"),
    "a phone number of null": (item(phone_number=None), "phone_number", "null"),
    "an empty key": (item(key=""), "idempotency_key", "blank"),
    "a long key": (item(key="k" * 256), "idempotency_key", "invalid_idempotency_key"),
    "a Persian key": (item(key="کلید"), "idempotency_key", "invalid_idempotency_key"),
    "a number as key": ({**item(), "idempotency_key": 1}, "idempotency_key", "invalid"),
    "an unknown member": ({**item(), "currency": "USD"}, "currency", "unknown_field"),
    "a misspelt key": ({**item(), "idempotencyKey": "k"}, "idempotencyKey", "unknown_field"),
}
malformed_items = pytest.mark.parametrize(("malformed", "field", "code"), MALFORMED.values(), ids=MALFORMED)


@malformed_items
def test_a_malformed_item_is_refused_by_itself(owner: Caller, malformed: object, field: str, code: str) -> None:
    answer = send(owner, item("10.00", "a"), malformed, item("20.00", "b"), malformed)

    assert outcomes(answer) == [
        ("accepted", None), ("rejected", "validation_error"), ("accepted", None), ("rejected", "validation_error"),
    ]  # fmt: skip
    assert totals(answer) == {
        "accepted": 2, "rejected": 2, "replayed": 0, "total_amount": "30.00", "balance_after": "70.00",
    }  # fmt: skip
    error = answer.body["results"][1]["error"]
    assert [(each["field"], each["code"]) for each in error["errors"]] == [(field, code)]
    assert error.keys() == {"code", "title", "detail", "errors"}
    assert [result["transaction"]["sequence"] for result in answer.body["results"][::2]] == [2, 3]
    assert_ledger_consistent()


@malformed_items
def test_a_malformed_item_refuses_an_atomic_batch(owner: Caller, malformed: object, field: str, code: str) -> None:
    with nothing_changes():
        answer = send(owner, item(), malformed, item(), malformed, atomic=True)

    assert_invalid(answer)
    place = "" if code == "null" and field == "non_field_errors" else f".{field}"
    assert answer.codes == {(f"charges.{index}{place}", code) for index in (1, 3)}


def test_a_batch_of_malformed_items_sells_nothing(owner: Caller) -> None:
    with nothing_changes():
        answer = send(owner, *(malformed for malformed, _, _ in MALFORMED.values()))

    assert outcomes(answer) == [("rejected", "validation_error")] * len(MALFORMED)
    assert totals(answer)["balance_after"] == "100.00"


def test_the_replays_beside_a_malformed_item_are_told(owner: Caller) -> None:
    send(owner, item("10.00", "k"))

    with nothing_changes():
        answer = send(owner, item("0", "k"), item("10.00", "k"))

    assert outcomes(answer) == [("rejected", "validation_error"), ("replayed", None)]


def test_a_refusal_under_the_lock_stands_beside_a_malformed_item(owner: Caller) -> None:
    answer = send(owner, item("200.00"), 1, item("100.00"))

    assert outcomes(answer) == [
        ("rejected", "insufficient_balance"), ("rejected", "validation_error"), ("accepted", None),
    ]  # fmt: skip


def test_a_body_over_five_megabytes_is_refused(owner: Caller) -> None:
    with nothing_changes():
        answer = send(owner, {**item(), "padding": "x" * 5_000_000})

    assert_problem(answer, 413, "request_too_large")


def test_a_thousand_items_are_sold_with_as_many_queries_as_one(
    owner: Caller, seller: Seller, django_assert_num_queries: Any
) -> None:
    add_credit(seller, "1000.00")
    send(owner, item("1.00", "warm"))

    with django_assert_num_queries(5):
        one = send(owner, item("1.00", "one"))
    with django_assert_num_queries(5):
        many = send(owner, *(item("1.00", f"k{number}") for number in range(1_000)))

    assert (one.body["accepted"], many.body["accepted"]) == (1, 1_000)
    assert Wallet.objects.get(pk=seller.pk).sequence == 1_004
    assert_ledger_consistent()


@pytest.mark.parametrize("status", ["pending", "suspended"])
def test_a_seller_that_is_not_active_sells_nothing_but_gets_its_replays(
    status: str, owner: Caller, seller: Seller
) -> None:
    send(owner, item("10.00", "k"))
    Seller.objects.filter(pk=seller.pk).update(status=status)

    with nothing_changes():
        assert_problem(send(owner, item("10.00", "k"), item("10.00")), 403, "seller_not_active", seller_status=status)
        assert outcomes(send(owner, item("10.00", "k"))) == [("replayed", None)]


@pytest.mark.parametrize("items", [[item()], []], ids=["well formed", "malformed"])
def test_a_caller_that_may_not_sell_is_told_that_first(items: list[object], viewer: Caller, admin: Caller) -> None:
    with nothing_changes():
        assert_problem(send(viewer, *items), 403, "permission_denied")
        assert_problem(send(admin, *items), 403, "permission_denied")
        assert_problem(send(Caller(), *items), 401, "not_authenticated")


@pytest.mark.django_db(transaction=True)
def test_batches_and_charges_that_race_with_the_same_keys_sell_each_key_once() -> None:
    seller = make_seller(balance="1000.00")
    caller = log_in(owner_of(seller))
    batch = [item("10.00", f"k{number}") for number in range(20)]

    answers = race(*[lambda: send(caller, *batch)] * 4, *[lambda: send(caller, *reversed(batch), atomic=True)] * 2)
    single = race(*[lambda: caller.charge("10.00", key="k0")] * 3)

    assert {answer.status for answer in [*answers, *single]} == {200, 201}
    assert sum(answer.body["accepted"] for answer in answers) == 20
    assert LedgerEntry.objects.filter(seller=seller, type="charge_sale").count() == 20
    assert Wallet.objects.get(pk=seller.pk).balance == 800
    assert_ledger_consistent()
