"""Callbacks of operators over HTTP: signed, repeated, early, late, contradicting, and forged."""

import json
from typing import Any

import pytest

from apps.accounts.models import Seller
from apps.core.values.ids import uuid7
from apps.delivery.adapters.protocol import Outcome
from apps.delivery.adapters.signing import signature_headers
from apps.delivery.calls import _adapter, take_step
from apps.delivery.models import Attempt
from apps.testing.api import Answer, Caller, assert_problem
from apps.testing.deliveries import (
    CODE,
    SECRET,
    SECRET_VARIABLE,
    Script,
    claim,
    delivery_of,
    make_operator,
    reversals_of,
    sell_delivered,
    take,
)  # fmt: skip
from apps.testing.factories import make_seller
from apps.testing.invariants import assert_ledger_consistent, nothing_changes
from apps.transactions.models import LedgerEntry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    _adapter.cache_clear()


@pytest.fixture
def seller() -> Seller:
    return make_seller(balance="100.00")


@pytest.fixture
def entry(seller: Seller) -> LedgerEntry:
    make_operator()
    return sell_delivered(seller, "10.00")


def tell(reference: object, status: str = "delivered", *, code: str = CODE, secret: str = SECRET) -> Answer:
    said = {"reference": str(reference), "status": status, "operator_reference": "R", "message": "words"}
    body = json.dumps(said).encode()
    headers = signature_headers(secret, "callback", body)
    return Caller().send("POST", f"/callbacks/operators/{code}/", body, headers=headers)


def test_a_callback_settles(entry: LedgerEntry) -> None:
    claim(entry)

    answer = tell(entry.pk)

    assert (answer.status, answer.body) == (200, {"reference": str(entry.pk), "status": "delivered"})
    assert (delivery_of(entry).status, delivery_of(entry).operator_reference) == ("delivered", "R")
    assert Attempt.objects.get().kind == "callback"


def test_a_repeated_callback_is_answered_as_the_first(entry: LedgerEntry) -> None:
    take(entry, Outcome.UNKNOWN)

    answers = [tell(entry.pk, "refused") for _ in range(3)]

    assert {answer.status for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(reversals_of(entry)) == 1
    assert_ledger_consistent()


def test_a_callback_may_come_before_the_answer_of_the_call(entry: LedgerEntry) -> None:
    step = claim(entry)

    class Early(Script):
        def submit(self, top_up: Any) -> Any:
            assert tell(entry.pk).status == 200
            return super().submit(top_up)

    take_step(step, Early(Outcome.ACCEPTED))

    assert delivery_of(entry).status == "delivered"


def test_accepted_after_the_end_changes_nothing(entry: LedgerEntry) -> None:
    claim(entry)
    tell(entry.pk, "delivered")

    assert tell(entry.pk, "accepted").body["status"] == "delivered"
    assert tell(entry.pk, "refused").body["status"] == "delivered"
    assert reversals_of(entry) == []


def test_a_callback_about_what_was_not_submitted_is_refused(entry: LedgerEntry) -> None:
    with nothing_changes():
        assert_problem(tell(entry.pk), 409, "invalid_status_transition", current_status="pending")


def test_a_stranger_changes_nothing_and_learns_nothing(entry: LedgerEntry) -> None:
    claim(entry)
    make_operator("other", carrier_names=[], secret_variable="OPERATOR_SECRET_OTHER")
    with nothing_changes():
        for answer in (
            tell(entry.pk, secret="guessed"),
            tell(entry.pk, code="ghost"),
            tell(entry.pk, code="other"),
            tell(uuid7(), secret="guessed"),
            Caller().send("POST", f"/callbacks/operators/{CODE}/", b"x" * 100_000),
            Caller().send("POST", f"/callbacks/operators/{CODE}/"),
        ):
            assert_problem(answer, 401, "invalid_signature")


def test_an_operator_settles_only_its_own(entry: LedgerEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATOR_SECRET_OTHER", "its own")
    make_operator("other", carrier_names=[], secret_variable="OPERATOR_SECRET_OTHER")
    claim(entry)
    with nothing_changes():
        assert_problem(tell(entry.pk, code="other", secret="its own"), 404, "not_found")
        assert_problem(tell(uuid7()), 404, "not_found")
        assert_problem(tell("not an id"), 404, "not_found")


def test_it_is_posted(entry: LedgerEntry) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        assert Caller().send(method, f"/callbacks/operators/{CODE}/").status == 405
