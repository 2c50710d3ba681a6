"""Approving, rejecting and cancelling a credit request: each is decided once."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from apps.accounts.models import Seller
from apps.credit_requests.models import CreditRequest
from apps.testing.api import TIME, Answer, Caller, assert_invalid, assert_problem
from apps.testing.factories import NEVER, file_request, log_in, make_seller, make_staff, owner_of
from apps.testing.invariants import assert_ledger_consistent, nothing_changes
from apps.transactions.models import LedgerEntry, Wallet

STEPS: dict[str, dict[str, str] | None] = {"approve": None, "reject": {"reason": "no contract"}, "cancel": None}
STATUS_AFTER = {"approve": "approved", "reject": "rejected", "cancel": "cancelled"}


@pytest.fixture
def request_of_owner(seller: Seller) -> CreditRequest:
    """A pending request of `seller` for 25.00."""
    return file_request(seller, "25.00", note="please")


def _step(caller: Caller, step: str, request_id: object) -> Answer:
    return caller.post(f"credit-requests/{request_id}/{step}/", STEPS[step])


def _caller_for(step: str, owner: Caller, admin: Caller) -> Caller:
    return owner if step == "cancel" else admin


def test_an_approval_raises_the_balance_by_the_amount(
    credit_approver: Caller, owner: Caller, seller: Seller, request_of_owner: CreditRequest
) -> None:
    answer = _step(credit_approver, "approve", request_of_owner.pk)

    assert answer.status == 200
    body = answer.body
    assert TIME.fullmatch(body["processed_at"])
    assert (body["status"], body["rejection_reason"]) == ("approved", None)
    assert body["processed_by"] == credit_approver.get("auth/me/").body["id"]
    assert body == owner.get(f"credit-requests/{request_of_owner.pk}/").body

    entry = owner.get(f"transactions/{body['transaction']}/").body
    assert {name: entry[name] for name in ("type", "amount", "credit_request", "description", "created_by")} == {
        "type": "credit_increase",
        "amount": "25.00",
        "credit_request": str(request_of_owner.pk),
        "description": "please",
        "created_by": body["processed_by"],
    }
    assert (entry["debit_account"], entry["credit_account"]) == ("platform:funding", f"wallet:{seller.pk}")
    assert (entry["balance_before"], entry["balance_after"]) == ("100.00", "125.00")
    assert_ledger_consistent()


def test_a_rejection_moves_no_money_and_says_why(
    credit_approver: Caller, seller: Seller, request_of_owner: CreditRequest
) -> None:
    body = _step(credit_approver, "reject", request_of_owner.pk).body

    assert (body["status"], body["rejection_reason"], body["transaction"]) == ("rejected", "no contract", None)
    assert TIME.fullmatch(body["processed_at"])
    assert Wallet.objects.get(pk=seller.pk).sequence == 1


def test_a_cancellation_moves_no_money(owner: Caller, seller: Seller, request_of_owner: CreditRequest) -> None:
    body = _step(owner, "cancel", request_of_owner.pk).body

    assert (body["status"], body["rejection_reason"], body["transaction"]) == ("cancelled", None, None)
    assert body["processed_by"] == str(owner_of(seller).pk)
    assert Wallet.objects.get(pk=seller.pk).sequence == 1


@pytest.mark.parametrize("first", STEPS)
@pytest.mark.parametrize("second", STEPS)
def test_a_decided_request_is_not_decided_again(
    owner: Caller, admin: Caller, request_of_owner: CreditRequest, first: str, second: str
) -> None:
    _step(_caller_for(first, owner, admin), first, request_of_owner.pk)

    with nothing_changes():
        answer = _step(_caller_for(second, owner, admin), second, request_of_owner.pk)

    assert_problem(answer, 409, "credit_request_already_processed", current_status=STATUS_AFTER[first])


@pytest.mark.parametrize("step", ["approve", "reject"])
def test_a_request_is_not_processed_by_its_filer(seller: Seller, step: str) -> None:
    user = owner_of(seller)
    user.is_staff = True
    user.save()
    user.groups.set(make_staff("admin").groups.all())
    request = file_request(seller)

    caller = log_in(user)
    with nothing_changes():
        answer = _step(caller, step, request.pk)

    assert_problem(answer, 403, "self_approval")


@pytest.mark.parametrize("step", STEPS)
def test_an_unknown_request_is_not_found(owner: Caller, admin: Caller, step: str) -> None:
    with nothing_changes():
        answer = _step(_caller_for(step, owner, admin), step, NEVER)

    assert_problem(answer, 404, "not_found")


def test_another_sellers_request_is_not_found(owner: Caller, other_seller: Seller) -> None:
    foreign = file_request(other_seller)

    with nothing_changes():
        answers = [_step(owner, "cancel", foreign.pk), owner.get(f"credit-requests/{foreign.pk}/")]

    for answer in answers:
        assert_problem(answer, 404, "not_found")


@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": " "}, {"reason": None}, {"reason": []}, {"reason": "x" * 501}], ids=str
)
def test_a_rejection_needs_a_reason(admin: Caller, request_of_owner: CreditRequest, body: dict[str, Any]) -> None:
    with nothing_changes():
        answer = admin.post(f"credit-requests/{request_of_owner.pk}/reject/", body)

    assert_invalid(answer, "reason")


def test_a_balance_that_would_not_fit_is_refused(admin: Caller) -> None:
    seller = make_seller()
    request = file_request(seller, "99999999999.99")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("apps.transactions.ledger.write.MAX_BALANCE", Decimal("99999999999.98"))
        with nothing_changes():
            answer = _step(admin, "approve", request.pk)

    assert_problem(answer, 409, "balance_limit_exceeded")
    assert _step(admin, "approve", request.pk).status == 200


def test_a_suspended_sellers_request_can_still_be_decided(
    admin: Caller, seller: Seller, request_of_owner: CreditRequest
) -> None:
    Seller.objects.filter(pk=seller.pk).update(status="suspended")

    path = f"credit-requests/{request_of_owner.pk}/approve/"
    assert admin.post(path, {"confirm_status": "suspended"}).status == 200


def test_saving_an_approved_request_again_adds_nothing(admin: Caller, seller: Seller) -> None:
    request = file_request(seller, "25.00")
    _step(admin, "approve", request.pk)
    approved = CreditRequest.objects.get(pk=request.pk)
    entries = LedgerEntry.objects.count()

    with pytest.raises(DatabaseError, match="is decided"), transaction.atomic():
        approved.save(update_fields=["status", "entry"])

    assert LedgerEntry.objects.count() == entries
    assert Wallet.objects.get(pk=seller.pk).balance == 125
