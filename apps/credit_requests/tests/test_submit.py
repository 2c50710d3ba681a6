"""POST credit-requests/: asking for credit."""

import pytest

from apps.accounts.models import Seller
from apps.credit_requests.models import CreditRequest
from apps.testing.api import TIME, UUID7, Caller, assert_problem
from apps.testing.factories import log_in, make_seller, owner_of
from apps.testing.invariants import nothing_changes
from apps.transactions.models import Wallet

BODY = {"amount": "50.00", "note": "for the weekend"}


def test_a_request_is_pending_and_moves_no_money(owner: Caller, seller: Seller) -> None:
    answer = owner.post("credit-requests/", BODY)

    assert answer.status == 201
    body = answer.body
    assert UUID7.fullmatch(body.pop("id"))
    assert TIME.fullmatch(body.pop("requested_at"))
    assert body == {
        "seller": str(seller.pk),
        "amount": "50.00",
        "note": "for the weekend",
        "status": "pending",
        "requested_by": str(owner_of(seller).pk),
        "processed_by": None,
        "processed_at": None,
        "rejection_reason": None,
        "transaction": None,
        "approved_by": [],
    }
    assert Wallet.objects.get(pk=seller.pk).balance == 100


def test_the_note_may_be_left_out(owner: Caller) -> None:
    assert owner.post("credit-requests/", {"amount": 7}).body["note"] == ""


def test_what_the_caller_may_not_decide_is_refused(owner: Caller, seller: Seller, other_seller: Seller) -> None:
    claims = {"status": "approved", "seller": str(other_seller.pk), "transaction": str(seller.pk), "processed_by": "x"}

    with nothing_changes():
        answer = owner.post("credit-requests/", {**BODY, **claims})

    assert answer.codes == {(name, "unknown_field") for name in claims}


def test_a_pending_seller_may_ask(db: None) -> None:
    caller = log_in(owner_of(make_seller(status=Seller.Status.PENDING)))

    assert caller.post("credit-requests/", BODY).status == 201


def test_a_suspended_seller_is_refused(owner: Caller, seller: Seller) -> None:
    Seller.objects.filter(pk=seller.pk).update(status="suspended")

    with nothing_changes():
        answer = owner.post("credit-requests/", BODY)

    assert_problem(answer, 403, "seller_not_active", seller_status="suspended")


def test_a_second_send_of_a_key_gets_the_first_answer(owner: Caller) -> None:
    original = owner.post("credit-requests/", BODY, key="k")
    assert "Idempotent-Replayed" not in original.headers

    with nothing_changes():
        answer = owner.post("credit-requests/", BODY, key="k")

    assert (answer.status, answer.headers["Idempotent-Replayed"]) == (201, "true")
    assert answer.body == original.body


def test_a_repeat_shows_the_request_as_it_is_now(owner: Caller, admin: Caller) -> None:
    original = owner.post("credit-requests/", BODY, key="k").body
    approved = admin.post(f"credit-requests/{original['id']}/approve/").body

    with nothing_changes():
        answer = owner.post("credit-requests/", BODY, key="k")

    assert (answer.body, approved["status"]) == (approved, "approved")


@pytest.mark.parametrize("change", [{"amount": "50.01"}, {"note": "another"}], ids=str)
def test_a_key_with_another_payload_is_refused(owner: Caller, change: dict[str, str]) -> None:
    owner.post("credit-requests/", BODY, key="k")

    with nothing_changes():
        answer = owner.post("credit-requests/", {**BODY, **change}, key="k")

    assert_problem(answer, 422, "idempotency_key_reused")


def test_a_malformed_key_is_refused(owner: Caller) -> None:
    with nothing_changes():
        answer = owner.post("credit-requests/", BODY, key="a b")

    assert_problem(answer, 400, "invalid_idempotency_key")


def test_a_key_belongs_to_one_seller_and_to_credit_requests(owner: Caller, other_seller: Seller) -> None:
    owner.charge("10.00", key="k")

    statuses = [
        caller.post("credit-requests/", BODY, key="k").status for caller in (owner, log_in(owner_of(other_seller)))
    ]

    assert statuses == [201, 201]
    assert CreditRequest.objects.filter(idempotency_key="k").count() == 2
