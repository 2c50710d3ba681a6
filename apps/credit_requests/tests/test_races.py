"""Decisions and submissions that race: one wins, and money moves once.

Seen to fail without what they are here for: see the commit that added them.
"""

from collections import Counter
from decimal import Decimal
from functools import partial

import pytest

from apps.credit_requests.models import CreditRequest
from apps.testing.factories import file_request, log_in, make_seller, make_staff, owner_of
from apps.testing.invariants import assert_ledger_consistent
from apps.testing.races import race
from apps.transactions.models import Wallet

pytestmark = pytest.mark.django_db(transaction=True)


def test_twenty_approvals_of_one_request_raise_the_balance_once() -> None:
    seller = make_seller(balance="5.00")
    request = file_request(seller, "10.00")
    approvers = [log_in(make_staff("credit_approver")) for _ in range(4)] * 5

    answers = race(*[partial(approver.post, f"credit-requests/{request.pk}/approve/") for approver in approvers])

    assert Counter(answer.status for answer in answers) == {200: 1, 409: 19}
    refused = [answer.body for answer in answers if answer.status == 409]
    assert {(body["code"], body["current_status"]) for body in refused} == {
        ("credit_request_already_processed", "approved")
    }
    assert Wallet.objects.get(pk=seller.pk).balance == Decimal("15.00")
    assert_ledger_consistent()


def test_of_an_approval_a_rejection_and_a_cancellation_at_once_one_wins() -> None:
    seller = make_seller()
    owner, staff = log_in(owner_of(seller)), log_in(make_staff("admin"))
    expected = Decimal(0)

    for _ in range(8):
        path = f"credit-requests/{file_request(seller, '10.00').pk}"
        answers = race(
            partial(staff.post, f"{path}/approve/"),
            partial(staff.post, f"{path}/reject/", {"reason": "no"}),
            partial(owner.post, f"{path}/cancel/"),
        )
        assert sorted(answer.status for answer in answers) == [200, 409, 409]
        winner = next(answer.body["status"] for answer in answers if answer.status == 200)
        assert owner.get(f"{path}/").body["status"] == winner
        assert {answer.body["current_status"] for answer in answers if answer.status == 409} == {winner}
        expected += 10 if winner == "approved" else 0

    assert Wallet.objects.get(pk=seller.pk).balance == expected
    assert_ledger_consistent()


def test_approvals_of_different_requests_of_one_seller_all_count_while_it_sells() -> None:
    seller = make_seller(balance="50.00")
    requests = [file_request(seller, "1.00") for _ in range(10)]
    owner, approver = log_in(owner_of(seller)), log_in(make_staff("credit_approver"))

    approvals = [partial(approver.post, f"credit-requests/{request.pk}/approve/") for request in requests]
    answers = race(*approvals, *[partial(owner.charge, "2.00")] * 10)

    assert Counter(answer.status for answer in answers) == {200: 10, 201: 10}
    assert Wallet.objects.get(pk=seller.pk).balance == Decimal("40.00")
    assert_ledger_consistent()


def test_twenty_submissions_of_one_key_file_one_request() -> None:
    seller = make_seller()
    owner = log_in(owner_of(seller))

    answers = race(*[lambda: owner.post("credit-requests/", {"amount": "10.00"}, key="k")] * 20)

    assert {answer.status for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Counter(answer.headers.get("Idempotent-Replayed") for answer in answers) == {None: 1, "true": 19}
    assert CreditRequest.objects.count() == 1
