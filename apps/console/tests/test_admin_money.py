"""Forms and confirmed steps: none changes a balance outside the ledger, and each asks before it acts."""

import pytest
from django.urls import reverse

from apps.accounts.models import Seller
from apps.testing.back_office import desk, money_state
from apps.testing.factories import file_request, make_seller
from apps.transactions.models import Wallet

pytestmark = pytest.mark.django_db

FORGED = {
    "balance": "999999.00",
    "sequence": "77",
    "status": "approved",
    "amount": "999999.00",
    "wallet-0-balance": "999999.00",
    "_save": "Save",
}


def test_a_sellers_form_changes_its_profile_and_nothing_else() -> None:
    seller = make_seller(status=Seller.Status.PENDING)
    before = money_state()
    data = {**FORGED, "status": "active", "company_name": "New name", "email": "new@example.com", "phone_number": ""}
    response = desk("admin").post("accounts_seller_change", seller.pk, data=data)
    assert response.status_code == 302
    seller.refresh_from_db()
    assert (seller.company_name, seller.email, seller.status) == ("New name", "new@example.com", "pending")
    assert money_state() == before


def test_approving_twice_credits_once_and_says_so() -> None:
    seller = make_seller()
    request = file_request(seller, "250.00")
    approver = desk("credit_approver")
    approver.act("credit_requests_creditrequest", "approve", request)
    assert Wallet.objects.get(pk=seller.pk).balance == 250
    approver.act("credit_requests_creditrequest", "approve", request)
    assert Wallet.objects.get(pk=seller.pk).balance == 250
    assert any("This credit request is approved." in message for message in approver.messages())


def test_an_action_asks_before_it_acts() -> None:
    request = file_request(make_seller())
    response = desk("admin").act("credit_requests_creditrequest", "approve", request, confirmed=False)
    assert response.status_code == 200
    assert b"confirm-step" in response.content
    request.refresh_from_db()
    assert request.status == "pending"


def test_rejecting_needs_a_reason() -> None:
    request = file_request(make_seller())
    approver = desk("credit_approver")
    assert approver.act("credit_requests_creditrequest", "reject", request, reason=" ").status_code == 200
    request.refresh_from_db()
    assert request.status == "pending"
    approver.act("credit_requests_creditrequest", "reject", request, reason="No contract")
    request.refresh_from_db()
    assert (request.status, request.rejection_reason) == ("rejected", "No contract")


@pytest.mark.parametrize("row", ["nonsense", "0", "' or 1=1 --"])
def test_forged_rows_are_told_not_a_server_error(row: str) -> None:
    response = desk("admin").act("credit_requests_creditrequest", "approve", row)
    assert response.status_code == 302


def test_the_way_back_stays_here() -> None:
    request = file_request(make_seller())
    response = desk("admin").act("credit_requests_creditrequest", "approve", request, next="https://elsewhere.example/")
    assert response["Location"] == reverse("admin:credit_requests_creditrequest_changelist")
