"""Above CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT a request needs two different approvers."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from unittest.mock import patch

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings

from apps.accounts.models import Seller, User
from apps.accounts.proposals.services import SecondApproverNeeded
from apps.core.errors import DomainError
from apps.credit_requests import services
from apps.credit_requests.metrics import request_gauges
from apps.credit_requests.models import CreditRequest
from apps.credit_requests.serializers import CreditRequestSerializer
from apps.testing.api import Caller, assert_problem
from apps.testing.back_office import desk
from apps.testing.factories import file_request, make_seller, make_staff, owner_of
from apps.transactions.models import LedgerEntry, Wallet

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _limit(settings: Settings) -> None:
    settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT = Decimal("1000.00")


def approve(request: CreditRequest, approver: User) -> CreditRequest:
    return services.approve_credit_request(credit_request_id=request.pk, approved_by=approver)


def test_an_amount_at_the_limit_needs_one_approver() -> None:
    approver = make_staff("credit_approver")
    request = approve(file_request(make_seller(), "1000.00"), approver)
    assert request.status == "approved"
    assert request.approved_by == [approver.pk]


def test_a_larger_amount_waits_for_another_approver() -> None:
    first, second = make_staff("credit_approver"), make_staff("admin")
    seller = make_seller()
    request = approve(file_request(seller, "1000.01"), first)
    assert request.status == "awaiting_second_approval"
    assert not LedgerEntry.objects.exists()
    with pytest.raises(SecondApproverNeeded):
        approve(request, first)
    assert Wallet.objects.get(pk=seller.pk).balance == 0
    request = approve(request, second)
    assert request.status == "approved"
    assert CreditRequestSerializer(request).data["approved_by"] == [str(first.pk), str(second.pk)]
    assert Wallet.objects.get(pk=seller.pk).balance == Decimal("1000.01")


def test_one_that_awaits_needs_the_second_even_if_the_rule_is_taken_away(settings: Settings) -> None:
    first = make_staff("admin")
    request = approve(file_request(make_seller(), "5000.00"), first)
    settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT = None
    with pytest.raises(SecondApproverNeeded):
        approve(request, first)


@pytest.mark.parametrize("step", ["reject", "cancel"])
def test_one_that_awaits_can_still_be_stopped(step: str) -> None:
    seller, first = make_seller(), make_staff("admin")
    request = approve(file_request(seller, "5000.00"), first)
    if step == "reject":
        request = services.reject_credit_request(credit_request_id=request.pk, rejected_by=first, reason="Too much")
    else:
        request = services.cancel_credit_request(credit_request_id=request.pk, cancelled_by=owner_of(seller))
    assert request.status == {"reject": "rejected", "cancel": "cancelled"}[step]
    assert request.approved_by == [first.pk]
    assert not LedgerEntry.objects.exists()


def test_the_database_refuses_one_person_as_both_approvers() -> None:
    first = make_staff("admin")
    request = approve(file_request(make_seller(), "5000.00"), first)
    request = approve(request, make_staff("admin"))
    other = approve(file_request(make_seller(), "5000.00"), first)
    with pytest.raises(IntegrityError, match="two_approvers_differ"), transaction.atomic():
        CreditRequest.objects.filter(pk=other.pk).update(
            status="approved", processed_by=first, processed_at=request.processed_at, entry=request.entry
        )


def test_the_list_tells_an_approver_that_another_must_follow() -> None:
    approver = desk("credit_approver")
    request = file_request(make_seller(), "5000.00")
    approver.act("credit_requests_creditrequest", "approve", request)
    approver.messages()
    approver.act("credit_requests_creditrequest", "approve", request)
    assert any("another approver must approve it too" in message for message in approver.messages())


@pytest.fixture
def _closed_connections() -> Iterator[None]:
    yield
    connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_closed_connections")
def test_of_many_approvers_at_once_exactly_two_count() -> None:
    seller = make_seller()
    request = file_request(seller, "5000.00")
    approvers = [make_staff("admin") for _ in range(6)]
    barrier = Barrier(len(approvers))

    def try_it(approver: User) -> str:
        barrier.wait()
        try:
            return approve(request, approver).status
        except DomainError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(approvers)) as pool:
        outcomes = sorted(pool.map(try_it, approvers))
    assert outcomes == ["approved", "awaiting_second_approval"] + ["credit_request_already_processed"] * 4
    assert Wallet.objects.get(pk=seller.pk).balance == Decimal("5000.00")


def test_the_api_asks_for_two_as_well(admin: Caller, credit_approver: Caller, owner: Caller, seller: Seller) -> None:
    path = f"credit-requests/{file_request(seller, '5000.00').pk}"
    first = admin.post(f"{path}/approve/").body
    assert (first["status"], len(first["approved_by"]), first["transaction"]) == ("awaiting_second_approval", 1, None)
    assert_problem(admin.post(f"{path}/approve/"), 409, "second_approver_needed")
    assert owner.get("sellers/me/balance/").body["balance"] == "100.00"
    second = credit_approver.post(f"{path}/approve/").body
    assert (second["status"], len(set(second["approved_by"]))) == ("approved", 2)
    assert owner.get("sellers/me/balance/").body["balance"] == "5100.00"


def test_a_request_that_awaits_its_second_approval_still_waits_in_the_gauges() -> None:
    request = approve(file_request(make_seller(), "5000.00"), make_staff("admin"))
    with patch("apps.credit_requests.metrics.timezone.now", return_value=request.requested_at + timedelta(hours=25)):
        values = {sample.name: sample.value for metric in request_gauges() for sample in metric.samples}
    assert values == {
        "sharj_credit_requests_pending": 1.0, "sharj_credit_requests_oldest_seconds": 25 * 3600.0,
    }  # fmt: skip
    approve(request, make_staff("admin"))
    assert [sample.value for metric in request_gauges() for sample in metric.samples] == [0.0, 0.0]
