"""Limits of what a seller asks for, and the approval for a seller that is not active."""

from decimal import Decimal

import pytest
from pytest_django import Settings

from apps.accounts.models import Seller
from apps.accounts.sellers.services import suspend_seller
from apps.credit_requests.models import CreditRequest
from apps.testing.api import Caller, assert_problem
from apps.testing.back_office import desk
from apps.testing.factories import file_request, log_in, make_seller, make_staff, owner_of
from apps.testing.invariants import nothing_changes
from apps.testing.races import race
from apps.transactions.models import Wallet

pytestmark = pytest.mark.django_db


@pytest.fixture
def pending(db: None) -> Seller:
    return make_seller(status=Seller.Status.PENDING)


def balance_of(seller: Seller) -> Decimal:
    return Wallet.objects.get(pk=seller.pk).balance


def test_a_pending_seller_has_three_open_requests(pending: Seller) -> None:
    owner = log_in(owner_of(pending))
    filed = [owner.post("credit-requests/", {"amount": "1.00"}, key=f"k{number}") for number in range(3)]
    assert {answer.status for answer in filed} == {201}
    with nothing_changes():
        refused = owner.post("credit-requests/", {"amount": "1.00"}, key="k3")
        assert_problem(refused, 409, "open_request_limit_reached", limit=3)
        assert owner.post("credit-requests/", {"amount": "1.00"}, key="k0").body == filed[0].body
    owner.post(f"credit-requests/{filed[0].body['id']}/cancel/")
    assert owner.post("credit-requests/", {"amount": "1.00"}, key="k3").status == 201


def test_an_active_seller_has_more_but_not_any_number(owner: Caller, settings: Settings) -> None:
    settings.SELLER_OPEN_REQUESTS = 4
    assert {owner.post("credit-requests/", {"amount": "1.00"}).status for _ in range(4)} == {201}
    assert_problem(owner.post("credit-requests/", {"amount": "1.00"}), 409, "open_request_limit_reached", limit=4)


def test_a_request_that_awaits_its_second_approval_is_open(pending: Seller, settings: Settings) -> None:
    settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT = Decimal("10.00")
    owner, admin = log_in(owner_of(pending)), log_in(make_staff("admin"))
    for _ in range(3):
        filed = owner.post("credit-requests/", {"amount": "11.00"}).body["id"]
        admin.post(f"credit-requests/{filed}/approve/", {"confirm_status": "pending"})
    assert set(CreditRequest.objects.values_list("status", flat=True)) == {"awaiting_second_approval"}
    assert owner.post("credit-requests/", {"amount": "1.00"}).status == 409


@pytest.mark.django_db(transaction=True)
def test_requests_at_once_cannot_all_take_the_last_place(pending: Seller) -> None:
    owner = log_in(owner_of(pending))
    for _ in range(2):
        owner.post("credit-requests/", {"amount": "1.00"})
    statuses = race(*[lambda: owner.post("credit-requests/", {"amount": "1.00"}).status] * 6)
    assert sorted(statuses) == [201] + [409] * 5
    assert CreditRequest.objects.filter(seller=pending).count() == 3


def test_an_amount_above_the_largest_is_refused(owner: Caller, settings: Settings) -> None:
    with nothing_changes():
        answer = owner.post("credit-requests/", {"amount": "999999999999.99"})
    assert (answer.status, answer.codes) == (400, {("amount", "max_amount")})
    assert answer.body["errors"][0]["detail"] == "The amount may be at most 100000000000.00."
    assert owner.post("credit-requests/", {"amount": "100000000000.00"}).status == 201
    settings.CREDIT_REQUEST_MAX_AMOUNT = None
    assert owner.post("credit-requests/", {"amount": "999999999999.99"}).status == 201


@pytest.mark.parametrize("status", [Seller.Status.PENDING, Seller.Status.SUSPENDED])
def test_credit_for_a_seller_that_is_not_active_must_be_meant(status: Seller.Status, admin: Caller) -> None:
    seller = make_seller()
    path = f"credit-requests/{file_request(seller).pk}/approve/"
    Seller.objects.filter(pk=seller.pk).update(status=status)
    others = {"active", "pending", "suspended"} - {status}
    with nothing_changes():
        for body in (None, {}, *({"confirm_status": other} for other in others)):
            assert_problem(admin.post(path, body), 409, "seller_not_active_confirm", seller_status=status)
        assert admin.post(path, {"confirm_status": "closed"}).codes == {("confirm_status", "invalid_choice")}
    assert admin.post(path, {"confirm_status": status}).status == 200
    assert balance_of(seller) == 10


def test_an_active_seller_needs_no_confirmation_and_takes_one(admin: Caller, seller: Seller) -> None:
    for body in (None, {"confirm_status": "active"}, {"confirm_status": "pending"}):
        assert admin.post(f"credit-requests/{file_request(seller).pk}/approve/", body).status == 200


def test_the_first_of_two_approvals_must_be_meant_as_well(pending: Seller, admin: Caller, settings: Settings) -> None:
    settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT = Decimal("1.00")
    path = f"credit-requests/{file_request(pending).pk}/approve/"
    assert_problem(admin.post(path), 409, "seller_not_active_confirm", seller_status="pending")
    assert admin.post(path, {"confirm_status": "pending"}).body["status"] == "awaiting_second_approval"


def test_the_console_says_it_and_asks(pending: Seller) -> None:
    approver, request = desk("credit_approver"), file_request(pending)
    page = approver.act("credit_requests_creditrequest", "approve", request, confirmed=False).content.decode()
    assert "A seller is pending. Approve anyway." in page
    asked_again = approver.act("credit_requests_creditrequest", "approve", request)
    assert "This field is required" in asked_again.content.decode()
    assert balance_of(pending) == 0
    suspend_seller_of(pending)
    approver.act("credit_requests_creditrequest", "approve", request, confirm_pending="on")
    assert balance_of(pending) == 0, "the approver saw another status"
    approver.act("credit_requests_creditrequest", "approve", request, confirm_suspended="on")
    assert balance_of(pending) == 10


def suspend_seller_of(seller: Seller) -> None:
    Seller.objects.filter(pk=seller.pk).update(status="active")
    suspend_seller(seller_id=seller.pk, changed_by=make_staff("admin"))


def test_the_console_does_not_ask_about_active_sellers(seller: Seller) -> None:
    approver, request = desk("credit_approver"), file_request(seller)
    page = approver.act("credit_requests_creditrequest", "approve", request, confirmed=False).content.decode()
    assert "Approve anyway" not in page
    approver.act("credit_requests_creditrequest", "approve", request)
    assert balance_of(seller) == 110
