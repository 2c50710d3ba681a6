"""`require_idempotency_key`: a seller's own switch that refuses its charges without a key."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import AuditEvent, Seller
from apps.testing.api import PHONE, Caller, assert_invalid, assert_problem
from apps.testing.factories import log_in, make_seller, owner_of
from apps.testing.invariants import assert_ledger_consistent, nothing_changes

ITEM = {"phone_number": PHONE, "amount": "10.00"}


@pytest.fixture
def strict(owner: Caller) -> Caller:
    """The owner of a seller that has switched it on."""
    assert owner.patch("sellers/me/", {"require_idempotency_key": True}).body["require_idempotency_key"] is True
    return owner


def test_it_is_off_until_the_owner_switches_it_on_and_is_shown(owner: Caller, seller: Seller, admin: Caller) -> None:
    assert owner.get("sellers/me/").body["require_idempotency_key"] is False
    assert owner.charge().status == 201

    answer = owner.patch("sellers/me/", {"require_idempotency_key": True})

    assert (answer.status, answer.body["require_idempotency_key"]) == (200, True)
    assert admin.get(f"sellers/{seller.pk}/").body["require_idempotency_key"] is True
    assert "require_idempotency_key" in AuditEvent.objects.latest("pk").detail


@pytest.mark.parametrize("role", ["operator", "viewer", "support"])
def test_only_the_owner_switches_it(request: pytest.FixtureRequest, seller: Seller, role: str) -> None:
    caller: Caller = request.getfixturevalue(role)

    with nothing_changes():
        answer = caller.patch(f"sellers/{seller.pk}/", {"require_idempotency_key": True})

    assert_problem(answer, 403, "permission_denied")


def test_an_admin_does_not_switch_it(admin: Caller, seller: Seller) -> None:
    with nothing_changes():
        admin.patch(f"sellers/{seller.pk}/", {"require_idempotency_key": True})


@pytest.mark.parametrize("value", [None, "perhaps", 7, [], {}], ids=repr)
def test_another_value_is_refused(owner: Caller, value: object) -> None:
    with nothing_changes():
        answer = owner.patch("sellers/me/", {"require_idempotency_key": value})

    assert_invalid(answer, "require_idempotency_key")


def test_a_charge_without_a_key_is_refused_and_one_with_a_key_is_sold(strict: Caller, operator: Caller) -> None:
    for caller in (strict, operator):
        with nothing_changes():
            assert_problem(caller.charge(), 400, "idempotency_key_required")

    assert strict.charge(key="k").status == 201
    assert strict.charge(key="k").headers["Idempotent-Replayed"] == "true"


def test_an_item_of_a_batch_without_a_key_is_refused_and_the_others_are_sold(strict: Caller) -> None:
    answer = strict.post("charges/bulk/", {"charges": [ITEM, {**ITEM, "idempotency_key": "a"}, ITEM]})

    assert [result["outcome"] for result in answer.body["results"]] == ["rejected", "accepted", "rejected"]
    assert answer.body["results"][0]["error"]["code"] == "idempotency_key_required"
    assert (answer.body["accepted"], answer.body["rejected"], answer.body["balance_after"]) == (1, 2, "90.00")
    assert_ledger_consistent()


def test_an_atomic_batch_with_such_an_item_is_refused_as_a_whole(strict: Caller) -> None:
    body = {"charges": [{**ITEM, "idempotency_key": "a"}, ITEM], "atomic": True}
    with nothing_changes():
        answer = strict.post("charges/bulk/", body)

    codes = [result["error"]["code"] for result in answer.body["results"]]
    assert (answer.status, answer.body["code"]) == (409, "bulk_rejected")
    assert codes == ["bulk_rejected", "idempotency_key_required"]


def test_it_concerns_no_other_seller_and_ends_when_it_is_switched_off(strict: Caller) -> None:
    other = log_in(owner_of(make_seller(balance="10.00")))
    assert other.charge().status == 201

    strict.patch("sellers/me/", {"require_idempotency_key": False})

    assert strict.charge().status == 201


def test_it_is_read_with_the_wallet(strict: Caller) -> None:
    with CaptureQueriesContext(connection) as queries:
        strict.charge()

    assert [query["sql"] for query in queries if "read_wallet" in query["sql"]]
    assert not [query["sql"] for query in queries if "accounts_seller" in query["sql"]]
