"""Steps of a delivery: each answer of an operator, the leases, and money that goes back exactly once."""

import threading
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from apps.accounts.models import Seller
from apps.delivery.adapters.protocol import Answer, Outcome
from apps.delivery.calls import Step, claim_due, take_step
from apps.delivery.models import Attempt, Delivery
from apps.delivery.services import record_answer
from apps.outbox.models import Event
from apps.testing.api import Caller, assert_problem
from apps.testing.deliveries import (
    CODE,
    Script,
    claim,
    delivery_of,
    make_due,
    make_operator,
    reversals_of,
    sell_delivered,
    take,
)
from apps.testing.factories import make_seller
from apps.testing.invariants import assert_ledger_consistent
from apps.testing.races import race
from apps.transactions.models import LedgerEntry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seller() -> Seller:
    return make_seller(balance="100.00", daily_limit="50.00")


@pytest.fixture
def entry(seller: Seller) -> LedgerEntry:
    """A sale of 10.00 whose delivery is pending."""
    make_operator()
    return sell_delivered(seller, "10.00")


def balance(seller: Seller) -> tuple[str, str]:
    wallet = Seller.objects.get(pk=seller.pk).wallet
    return f"{wallet.balance:.2f}", f"{wallet.spent_today:.2f}"


def test_delivered_is_the_end(entry: LedgerEntry, seller: Seller) -> None:
    script = take(entry, Answer(Outcome.DELIVERED, operator_reference="R1", sent="s", answered="a"))

    found = delivery_of(entry)
    assert (found.status, found.operator_reference, found.attempts, found.next_step_at) == ("delivered", "R1", 1, None)
    assert script.asked == [("submit", str(entry.pk))]
    [attempt] = Attempt.objects.all()
    assert (attempt.kind, attempt.outcome, attempt.sent, attempt.answered) == ("submit", "delivered", "s", "a")
    assert attempt.milliseconds is not None
    assert balance(seller) == ("90.00", "10.00")
    assert claim_due(CODE, 10) == []
    event = Event.objects.get(type="charge.delivered")
    assert (event.data["id"], event.data["delivery"]["operator_reference"]) == (str(entry.pk), "R1")


def test_refused_gives_the_money_back_once_with_the_operators_reason(
    entry: LedgerEntry, seller: Seller, owner: Caller
) -> None:
    take(entry, Answer(Outcome.REFUSED, message="The number takes no top-ups."))

    *_, reversed_, failed = Event.objects.filter(seller_id=seller.pk).order_by("id")
    assert (reversed_.type, failed.type) == ("transaction.reversed", "charge.failed")
    assert failed.data == owner.get(f"transactions/{entry.pk}/").body
    assert failed.data["delivery"]["status"] == "failed"
    assert delivery_of(entry).status == "failed"
    [reversal] = reversals_of(entry)
    assert (reversal.amount, reversal.description) == (entry.amount, "The number takes no top-ups.")
    assert (reversal.created_by.username, reversal.created_by.is_active) == ("platform:delivery", False)
    assert balance(seller) == ("100.00", "0.00")  # of the daily limit too
    assert_ledger_consistent()


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.NOT_SENT, Outcome.ACCEPTED])
def test_what_is_not_final_moves_no_money_and_is_asked_about_later(
    entry: LedgerEntry, seller: Seller, outcome: Outcome
) -> None:
    take(entry, outcome)

    found = delivery_of(entry)
    assert found.status == ("unknown" if outcome is Outcome.UNKNOWN else "submitted")
    assert found.next_step_at is not None
    assert found.next_step_at > timezone.now()
    assert balance(seller) == ("90.00", "10.00")
    assert reversals_of(entry) == []
    assert take(entry, Outcome.DELIVERED).asked == [("inquire", str(entry.pk))]
    assert delivery_of(entry).status == "delivered"


def test_the_waits_grow_up_to_a_most(entry: LedgerEntry) -> None:
    waits = []
    for _ in range(12):
        take(entry, Outcome.UNKNOWN)
        due = delivery_of(entry).next_step_at
        assert due is not None
        waits.append((due - timezone.now()).total_seconds())

    assert waits[0] < 2 * settings.DELIVERY_RETRY_SECONDS
    assert waits[5] > 5 * waits[0]
    assert settings.DELIVERY_RETRY_MOST_SECONDS * 0.7 < waits[-1] < settings.DELIVERY_RETRY_MOST_SECONDS * 1.3


def test_what_the_operator_never_heard_of_is_submitted_again_under_the_same_reference(entry: LedgerEntry) -> None:
    take(entry, Outcome.UNKNOWN)

    script = take(entry, Outcome.UNHEARD, Outcome.DELIVERED)

    assert script.asked == [("inquire", str(entry.pk)), ("submit", str(entry.pk))]
    assert (delivery_of(entry).status, delivery_of(entry).attempts) == ("delivered", 3)
    assert list(Attempt.objects.values_list("kind", "outcome")) == [
        ("submit", "unknown"), ("inquire", "unheard"), ("submit", "delivered"),
    ]  # fmt: skip


def test_an_unknown_that_was_refused_goes_back(entry: LedgerEntry, seller: Seller) -> None:
    take(entry, Outcome.UNKNOWN)
    take(entry, Outcome.REFUSED)

    assert delivery_of(entry).status == "failed"
    assert len(reversals_of(entry)) == 1
    assert balance(seller) == ("100.00", "0.00")


def test_a_worker_that_dies_between_claim_and_answer_leaves_an_inquiry(entry: LedgerEntry) -> None:
    step = claim(entry)

    assert step.is_first
    assert (delivery_of(entry).status, delivery_of(entry).attempts) == ("submitted", 1)
    assert claim_due(CODE, 10) == []  # nothing before the lease is over
    assert take(entry, Outcome.UNHEARD, Outcome.DELIVERED).asked[0] == ("inquire", str(entry.pk))


def test_a_lease_lasts_as_long_as_the_setting_says(entry: LedgerEntry) -> None:
    lease = claim(entry).lease - timezone.now()
    assert abs(lease - timedelta(seconds=settings.DELIVERY_LEASE_SECONDS)) < timedelta(seconds=10)


def test_an_answer_that_comes_after_its_lease_counts_if_it_is_final_and_not_if_it_is_silence(
    entry: LedgerEntry, seller: Seller
) -> None:
    late, later = claim(entry), claim(entry)
    take_step(later, Script(Outcome.ACCEPTED))
    due = delivery_of(entry).next_step_at

    take_step(late, Script(Outcome.UNKNOWN))

    assert (delivery_of(entry).status, delivery_of(entry).next_step_at) == ("submitted", due)
    record_answer(entry.pk, Attempt.Kind.SUBMIT, Answer(Outcome.REFUSED), lease=late.lease)
    assert delivery_of(entry).status == "failed"
    assert balance(seller) == ("100.00", "0.00")


def test_a_worker_whose_lease_is_over_does_not_submit_again(entry: LedgerEntry) -> None:
    take(entry, Outcome.UNKNOWN)
    late = claim(entry)
    later = claim(entry)
    take_step(later, Script(Outcome.ACCEPTED))
    script = Script(Outcome.UNHEARD)

    take_step(late, script)

    assert script.asked == [("inquire", str(entry.pk))]


def test_an_operator_that_contradicts_itself_moves_nothing(
    entry: LedgerEntry, seller: Seller, caplog: pytest.LogCaptureFixture
) -> None:
    take(entry, Outcome.DELIVERED)

    record_answer(entry.pk, Attempt.Kind.CALLBACK, Answer(Outcome.REFUSED))

    assert (delivery_of(entry).status, reversals_of(entry)) == ("delivered", [])
    assert Attempt.objects.filter(kind="callback", outcome="refused").count() == 1
    assert "contradicts" in caplog.text


def test_no_step_is_claimed_twice(seller: Seller) -> None:
    make_operator()
    for _ in range(20):
        sell_delivered(seller, "1.00")

    claimed = race(*[lambda: claim_due(CODE, 7)] * 4)

    ids = [step.delivery_id for steps in claimed for step in steps]
    assert len(ids) == len(set(ids)) == 20


def test_a_refusal_that_is_told_many_times_at_once_goes_back_once(entry: LedgerEntry, seller: Seller) -> None:
    claim(entry)

    race(*[lambda: record_answer(entry.pk, Attempt.Kind.CALLBACK, Answer(Outcome.REFUSED))] * 6)

    assert len(reversals_of(entry)) == 1
    assert balance(seller) == ("100.00", "0.00")
    assert_ledger_consistent()


def test_sales_go_on_while_refusals_go_back(seller: Seller) -> None:
    make_operator()
    entries = [sell_delivered(seller, "1.00") for _ in range(10)]
    steps = {step.delivery_id: step for step in claim_due(CODE, 10)}
    assert len(steps) == 10
    done = threading.Event()

    def sell_on() -> None:
        while not done.is_set():
            sell_delivered_here(seller)

    def refuse() -> None:
        try:
            for entry in entries:
                take_step(steps[entry.pk], Script(Outcome.REFUSED))
        finally:
            done.set()

    def sell_delivered_here(seller: Seller) -> None:
        from apps.testing.factories import sell

        sell(seller, "0.01")

    race(sell_on, refuse)

    assert Delivery.objects.filter(status="failed").count() == 10
    assert_ledger_consistent()


def test_a_charge_under_way_is_not_reversed_by_hand(entry: LedgerEntry, admin: Caller, seller: Seller) -> None:
    path = f"transactions/{entry.pk}/reverse/"
    for step in (lambda: None, lambda: claim(entry), lambda: take(entry, Outcome.UNKNOWN)):
        step()
        assert_problem(admin.post(path, {"reason": "no"}), 409, "not_reversible")

    take(entry, Outcome.DELIVERED)
    assert admin.post(path, {"reason": "a present"}).status == 201
    assert balance(seller)[0] == "100.00"


def test_a_failed_charge_is_reversed_already(entry: LedgerEntry, admin: Caller) -> None:
    take(entry, Outcome.REFUSED)
    assert_problem(admin.post(f"transactions/{entry.pk}/reverse/", {"reason": "no"}), 409, "already_reversed")


def test_a_refusal_reaches_a_suspended_seller(entry: LedgerEntry, seller: Seller) -> None:
    Seller.objects.filter(pk=seller.pk).update(status="suspended")
    take(entry, Outcome.REFUSED)
    assert balance(seller) == ("100.00", "0.00")


def test_a_step_has_all_that_the_operator_is_told(entry: LedgerEntry) -> None:
    make_due(entry)
    [step] = claim_due(CODE, 1)
    assert isinstance(step, Step)
    assert (step.top_up.reference, step.top_up.phone_number, step.top_up.amount) == (
        str(entry.pk), entry.phone_number, entry.amount,
    )  # fmt: skip
