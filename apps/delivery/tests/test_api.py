"""Operators and deliveries in the API: who sees what, and what a person may settle."""

from decimal import Decimal

import pytest
from pytest_django import Settings

from apps.accounts.models import AuditEvent, Proposal, Seller
from apps.delivery.adapters.protocol import Answer, Outcome
from apps.delivery.models import Attempt, Delivery, NumberRange
from apps.testing.api import PHONE, Caller, assert_invalid, assert_problem
from apps.testing.deliveries import (
    CODE,
    claim,
    delivering,
    delivery_of,
    make_operator,
    reversals_of,
    sell_delivered,
    take,
)  # fmt: skip
from apps.testing.factories import NEVER, log_in, make_seller, make_staff, owner_of
from apps.testing.invariants import assert_ledger_consistent, nothing_changes
from apps.transactions.models import LedgerEntry

pytestmark = pytest.mark.django_db(transaction=True)

REASON = "The desk of the operator says so"


@pytest.fixture
def seller() -> Seller:
    return make_seller(balance="100.00")


@pytest.fixture
def owner(seller: Seller) -> Caller:
    return log_in(owner_of(seller))


@pytest.fixture
def unknown(seller: Seller) -> LedgerEntry:
    """A charge of 10.00 whose answer was lost."""
    make_operator()
    entry = sell_delivered(seller, "10.00")
    take(entry, Answer(Outcome.UNKNOWN, sent="secret-free", answered="ReadTimeout"))
    return entry


def test_operators_say_what_they_sell_and_no_more(owner: Caller) -> None:
    make_operator(amounts=["20.00", "5.00"], settings={"base_url": "https://operator.example/secret"})
    make_operator("closed", min_amount=None, max_amount=None, amounts=["7.00"], is_open=False)

    answer = owner.get("operators/")

    assert answer.body["results"] == [
        {
            "code": "closed", "name": "CLOSED", "is_available": False,
            "products": [{"kind": "fixed", "amounts": ["7.00"]}],
        },
        {
            "code": CODE, "name": "SIM", "is_available": True,
            "products": [
                {"kind": "range", "min": "0.01", "max": "1000.00"}, {"kind": "fixed", "amounts": ["5.00", "20.00"]},
            ],
        },
    ]  # fmt: skip


def test_a_number_is_looked_up(owner: Caller) -> None:
    with delivering():
        assert_problem(owner.get("operators/lookup/", {"phone_number": PHONE}), 404, "operator_not_found")
        operator = make_operator()
        found = owner.get("operators/lookup/", {"phone_number": "09123456789"})
        assert found.body == {"phone_number": PHONE, "operator": CODE, "is_ported_possible": True}
        assert_problem(owner.get("operators/lookup/", {"phone_number": "+989201234567"}), 404, "operator_not_found")
        NumberRange.objects.create(prefix="+98920", operator=operator)
        assert_invalid(owner.get("operators/lookup/", {"phone_number": "5"}), "phone_number")
        assert_invalid(owner.get("operators/lookup/"), "phone_number")


def test_a_delivery_has_its_attempts_and_the_operators_words(
    owner: Caller, seller: Seller, unknown: LedgerEntry
) -> None:
    take(unknown, Answer(Outcome.REFUSED, operator_reference="R7", message="No such number."))

    found = owner.get(f"deliveries/{unknown.pk}/").body

    attempts = found.pop("attempts")
    assert [(each["kind"], each["outcome"]) for each in attempts] == [("submit", "unknown"), ("inquire", "refused")]
    assert "ReadTimeout" not in str(attempts)  # of the inside of the service
    delivery = delivery_of(unknown)
    assert found == {
        "id": str(unknown.pk), "seller": str(seller.pk), "operator": CODE, "phone_number": PHONE, "amount": "10.00",
        "status": "failed", "operator_reference": "R7", "message": "No such number.", "next_step_at": None,
        "created_at": found["created_at"], "updated_at": found["updated_at"],
    }  # fmt: skip
    assert found["created_at"] < found["updated_at"]
    assert delivery.created_at == unknown.created_at


def test_the_list_is_filtered_and_scoped(owner: Caller, seller: Seller, unknown: LedgerEntry) -> None:
    other = make_seller(balance="10.00")
    foreign = sell_delivered(other, "1.00")
    pending = sell_delivered(seller, "2.00")
    admin = log_in(make_staff("admin"))

    def ids(caller: Caller, **query: str) -> list[str]:
        return [row["id"] for row in caller.get("deliveries/", query).body["results"]]

    assert ids(owner) == [str(pending.pk), str(unknown.pk)]
    assert ids(owner, seller=str(other.pk)) == []
    assert ids(admin) == [str(pending.pk), str(foreign.pk), str(unknown.pk)]
    assert ids(admin, seller=str(other.pk)) == [str(foreign.pk)]
    assert ids(admin, status="unknown") == [str(unknown.pk)]
    assert ids(admin, operator="ghost") == []
    assert ids(admin, operator=CODE, older_than="0") == ids(admin)
    assert ids(admin, older_than="3600") == []
    page = admin.get("deliveries/", {"page_size": "2"}).body
    assert [row["id"] for row in admin.get(page["next"]).body["results"]] == [str(unknown.pk)]
    for name, value in (("status", "lost"), ("older_than", "-1"), ("older_than", "x"), ("older_than", "9" * 30)):
        assert_invalid(admin.get("deliveries/", {name: value}), name)
    assert_problem(owner.get(f"deliveries/{foreign.pk}/"), 404, "not_found")


@pytest.mark.parametrize(("outcome", "balance"), [("failed", "100.00"), ("delivered", "90.00")])
def test_an_admin_settles_what_is_unknown(
    unknown: LedgerEntry, seller: Seller, owner: Caller, outcome: str, balance: str
) -> None:
    staff = make_staff("admin")

    answer = log_in(staff).post(f"deliveries/{unknown.pk}/resolve/", {"outcome": outcome, "reason": REASON})

    assert (answer.status, answer.body["status"], answer.body["message"]) == (200, outcome, REASON)
    assert owner.get("sellers/me/balance/").body["balance"] == balance
    assert Delivery.objects.get().resolved_by == staff
    assert (Attempt.objects.last().kind, Attempt.objects.last().by) == ("resolve", staff)  # type: ignore[union-attr]  # there is one
    line = AuditEvent.objects.latest("pk")
    assert (line.action, line.actor, line.subject_id, line.detail) == (
        "resolve", staff, str(unknown.pk), f"{outcome}: {REASON}",
    )  # fmt: skip
    for reversal in reversals_of(unknown):
        assert (reversal.created_by, reversal.description) == (staff, REASON)
    again = log_in(staff).post(f"deliveries/{unknown.pk}/resolve/", {"outcome": "failed", "reason": REASON})
    assert_problem(again, 409, "invalid_status_transition", current_status=outcome)
    assert len(reversals_of(unknown)) == (outcome == "failed")
    assert_ledger_consistent()


def test_what_the_operator_may_still_tell_is_not_settled_by_a_person(seller: Seller) -> None:
    make_operator()
    entry, admin = sell_delivered(seller, "1.00"), log_in(make_staff("admin"))
    for status in ("pending", "submitted"):
        with nothing_changes():
            answer = admin.post(f"deliveries/{entry.pk}/resolve/", {"outcome": "failed", "reason": REASON})
        assert_problem(answer, 409, "invalid_status_transition", current_status=status)
        claim(entry)


def test_nonsense_is_refused(unknown: LedgerEntry) -> None:
    admin = log_in(make_staff("admin"))
    path = f"deliveries/{unknown.pk}/resolve/"
    with nothing_changes():
        assert_invalid(admin.post(path, {"outcome": "lost", "reason": REASON}), "outcome")
        assert_invalid(admin.post(path, {"outcome": "failed"}), "reason")
        assert_invalid(admin.post(path, {"outcome": "failed", "reason": " "}), "reason")
        assert_problem(
            admin.post(f"deliveries/{NEVER}/resolve/", {"outcome": "failed", "reason": REASON}), 404, "not_found"
        )


def test_a_large_amount_needs_two(unknown: LedgerEntry, owner: Caller, settings: Settings) -> None:
    settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT = Decimal("9.99")
    first, second = (log_in(make_staff("admin")) for _ in range(2))
    path, body = f"deliveries/{unknown.pk}/resolve/", {"outcome": "failed", "reason": REASON}

    assert first.post(path, body).status == 202
    assert (delivery_of(unknown).status, reversals_of(unknown)) == ("unknown", [])
    assert_problem(first.post(path, body), 409, "second_approver_needed")
    assert second.post(path, {**body, "outcome": "delivered"}).status == 202  # on other terms
    answer = second.post(path, body)

    assert (answer.status, answer.body["status"]) == (200, "failed")
    assert owner.get("sellers/me/balance/").body["balance"] == "100.00"
    assert Proposal.objects.filter(confirmed_at__isnull=False).count() == 1


def test_a_large_amount_is_not_split(seller: Seller, settings: Settings) -> None:
    settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT = Decimal("9.99")
    make_operator()
    admin, statuses = log_in(make_staff("admin")), []
    for _ in range(3):
        entry = sell_delivered(seller, "4.00")
        take(entry, Outcome.UNKNOWN)
        answer = admin.post(f"deliveries/{entry.pk}/resolve/", {"outcome": "failed", "reason": REASON})
        statuses.append(answer.status)
    assert statuses == [200, 200, 202]
