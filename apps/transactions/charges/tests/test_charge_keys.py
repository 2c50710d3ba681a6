"""The Idempotency-Key of a charge: replayed, reused, refused, malformed."""

import pytest

from apps.accounts.models import Seller
from apps.testing.api import Answer, Caller, assert_problem
from apps.testing.factories import add_credit, log_in, make_seller, owner_of, reverse
from apps.testing.invariants import nothing_changes
from apps.transactions.models import LedgerEntry


def _assert_replayed(answer: Answer, original: Answer) -> None:
    assert (answer.status, answer.headers["Idempotent-Replayed"]) == (201, "true")
    assert answer.body == original.body


def test_a_second_send_gets_the_first_answer_and_sells_nothing(owner: Caller) -> None:
    original = owner.charge(key="k")

    with nothing_changes():
        answer = owner.charge(key="k")

    _assert_replayed(answer, original)


def test_the_payload_counts_not_how_it_is_written(owner: Caller) -> None:
    original = owner.charge("10.00", phone_number="+989123456789", key="k")

    with nothing_changes():
        answer = owner.charge(10, phone_number="0912 345 6789", key="k")

    _assert_replayed(answer, original)


@pytest.mark.parametrize(
    "change", [{"amount": "10.01"}, {"phone_number": "+989123456780"}, {"amount": "1000.00"}], ids=str
)
def test_another_payload_is_refused(owner: Caller, change: dict[str, str]) -> None:
    owner.charge("10.00", key="k")

    with nothing_changes():
        answer = owner.charge(**{"amount": "10.00", **change}, key="k")

    assert_problem(answer, 422, "idempotency_key_reused")


def test_a_replay_needs_no_balance(owner: Caller) -> None:
    original = owner.charge("100.00", key="k")

    with nothing_changes():
        answer = owner.charge("100.00", key="k")

    _assert_replayed(answer, original)


def test_a_replay_answers_for_a_seller_that_was_suspended_meanwhile(owner: Caller, seller: Seller) -> None:
    original = owner.charge(key="k")
    Seller.objects.filter(pk=seller.pk).update(status="suspended")

    with nothing_changes():
        answer = owner.charge(key="k")

    _assert_replayed(answer, original)


def test_a_replay_shows_the_entry_as_it_is_now(owner: Caller) -> None:
    original = owner.charge(key="k")
    assert original.body["reversed_by"] is None
    reversal = reverse(LedgerEntry.objects.get(pk=original.body["id"]))

    with nothing_changes():
        answer = owner.charge(key="k")

    assert (answer.status, answer.headers["Idempotent-Replayed"]) == (201, "true")
    assert answer.body == {**original.body, "reversed_by": str(reversal.pk)}


def test_a_replay_answers_another_user_of_the_seller_too(owner: Caller, operator: Caller) -> None:
    original = owner.charge(key="k")

    with nothing_changes():
        answer = operator.charge(key="k")

    _assert_replayed(answer, original)


def test_a_replay_is_not_given_to_a_role_that_may_not_sell(owner: Caller, viewer: Caller) -> None:
    owner.charge(key="k")

    with nothing_changes():
        answer = viewer.charge(key="k")

    assert_problem(answer, 403, "permission_denied")


def test_a_refused_charge_leaves_its_key_free(owner: Caller, seller: Seller) -> None:
    assert owner.charge("150.00", key="k").status == 409
    add_credit(seller, "50.00")

    answer = owner.charge("150.00", key="k")

    assert (answer.status, answer.body["balance_after"]) == (201, "0.00")
    assert "Idempotent-Replayed" not in answer.headers


def test_a_key_belongs_to_one_seller(owner: Caller) -> None:
    other = log_in(owner_of(make_seller(balance="10.00")))
    owner.charge(key="k")

    answer = other.charge(key="k")

    assert answer.status == 201
    assert "Idempotent-Replayed" not in answer.headers


def test_keys_differ_in_case(owner: Caller) -> None:
    assert owner.charge(key="key").body["id"] != owner.charge(key="KEY").body["id"]


def test_charges_without_a_key_are_separate(owner: Caller) -> None:
    assert owner.charge().body["id"] != owner.charge().body["id"]


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("k", "k"),
        ('"k"', "k"),
        (r'"say\"hi\""', 'say"hi"'),
        (r'"back\\slash"', "back\\slash"),
        ("x" * 255, "x" * 255),
        ("!#$%&'()*+,-./:;<=>?@[]^_`{|}~", "!#$%&'()*+,-./:;<=>?@[]^_`{|}~"),
        (" k\t", "k"),
    ],
)
def test_a_key_may_be_bare_or_quoted(owner: Caller, header: str, key: str) -> None:
    assert owner.charge(key=header).body["idempotency_key"] == key


@pytest.mark.parametrize(
    "header",
    ["", " ", '""', '"', '"k', 'k"k" k', "a b", '"a b"', "x" * 256, "ké", "a\tb", '"a\\b"', "a\x7fb", "a\x00b", "کلید"],
)
def test_a_malformed_key_is_refused(owner: Caller, header: str) -> None:
    with nothing_changes():
        answer = owner.charge(key=header)

    assert_problem(answer, 400, "invalid_idempotency_key")
