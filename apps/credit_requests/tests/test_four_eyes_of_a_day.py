"""The amount above which two approve is judged by seller, approver and business day: a large credit cannot be split."""

from decimal import Decimal

import pytest
from pytest_django import Settings

from apps.accounts.models import Seller, User
from apps.credit_requests import review
from apps.testing.api import Caller
from apps.testing.factories import file_request, log_in, make_seller, make_staff
from apps.testing.races import race
from apps.transactions.models import Wallet

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _limit(settings: Settings) -> None:
    settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT = Decimal("1000.00")


def approve(approver: Caller, seller: Seller, amount: str) -> str:
    status: str = approver.post(f"credit-requests/{file_request(seller, amount).pk}/approve/").body["status"]
    return status


def balance_of(seller: Seller) -> Decimal:
    return Wallet.objects.get(pk=seller.pk).balance


def test_ten_requests_of_the_limits_size_do_not_pass_one_approver(credit_approver: Caller) -> None:
    seller = make_seller()
    statuses = [approve(credit_approver, seller, "1000.00") for _ in range(10)]
    assert statuses == ["approved"] + ["awaiting_second_approval"] * 9
    assert balance_of(seller) == 1000


def test_a_sum_at_the_limit_passes_and_one_above_it_waits(credit_approver: Caller) -> None:
    seller = make_seller()
    statuses = [approve(credit_approver, seller, amount) for amount in ("400.00", "600.00", "0.01")]
    assert statuses == ["approved", "approved", "awaiting_second_approval"]


def test_another_seller_and_another_approver_have_sums_of_their_own(credit_approver: Caller, admin: Caller) -> None:
    first, second = make_seller(), make_seller()
    assert approve(credit_approver, first, "1000.00") == "approved"
    assert approve(credit_approver, second, "1000.00") == "approved"
    assert approve(admin, first, "1000.00") == "approved"


def test_what_two_approved_is_nobodys_alone(credit_approver: Caller, admin: Caller) -> None:
    seller = make_seller()
    large = f"credit-requests/{file_request(seller, '5000.00').pk}/approve/"
    assert [admin.post(large).body["status"], credit_approver.post(large).body["status"]] == [
        "awaiting_second_approval",
        "approved",
    ]
    assert approve(credit_approver, seller, "1000.00") == "approved"


def test_the_day_is_that_of_the_business(credit_approver: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    seller = make_seller()
    assert approve(credit_approver, seller, "1000.00") == "approved"
    monkeypatch.setattr(review, "business_day_start", lambda now: now)  # midnight has passed since
    assert approve(credit_approver, seller, "1000.00") == "approved"


@pytest.mark.django_db(transaction=True)
def test_approvals_at_once_cannot_each_take_the_whole_limit() -> None:
    seller, approver = make_seller(), make_staff("credit_approver")
    requests = [file_request(seller, "1000.00") for _ in range(6)]

    def approving(request_id: object, user: User) -> str:
        return str(log_in(user).post(f"credit-requests/{request_id}/approve/").body["status"])

    racers = [lambda request_id=request.pk: approving(request_id, approver) for request in requests]
    assert sorted(race(*racers)) == ["approved"] + ["awaiting_second_approval"] * 5
    assert balance_of(seller) == 1000
