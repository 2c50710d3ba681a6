"""A seller has a limited number of users; the limit holds in races."""

import pytest
from pytest_django import Settings

from apps.accounts.models import Seller, User
from apps.accounts.roles import SellerRole
from apps.testing.api import Answer, Caller, assert_problem
from apps.testing.factories import log_in, make_seller, make_user, owner_of
from apps.testing.invariants import nothing_changes
from apps.testing.races import race

pytestmark = pytest.mark.django_db


def invite(owner: Caller, name: str) -> Answer:
    body = {"username": name, "password": "warm-ibis-58-cup", "role": "viewer"}
    return owner.post("sellers/me/users/", body)


def test_a_pending_seller_has_three_users() -> None:
    seller = make_seller(status=Seller.Status.PENDING)
    owner = log_in(owner_of(seller))
    assert [invite(owner, f"till-{number}").status for number in range(3)] == [201, 201, 409]
    with nothing_changes():
        assert_problem(invite(owner, "till-9"), 409, "user_limit_reached", limit=3)


def test_a_pending_seller_gains_no_place_by_deactivating_a_user() -> None:
    seller = make_seller(status=Seller.Status.PENDING)
    owner = log_in(owner_of(seller))
    first = invite(owner, "till-1").body["id"]
    invite(owner, "till-2")
    assert owner.call("DELETE", f"sellers/me/users/{first}/").status == 204
    assert_problem(invite(owner, "till-3"), 409, "user_limit_reached", limit=3)


def test_an_active_seller_has_places_for_active_users(owner: Caller, seller: Seller, settings: Settings) -> None:
    settings.SELLER_USERS = 3
    first = invite(owner, "till-1").body["id"]
    invite(owner, "till-2")
    assert_problem(invite(owner, "till-3"), 409, "user_limit_reached", limit=3)
    owner.call("DELETE", f"sellers/me/users/{first}/")
    assert invite(owner, "till-3").status == 201
    assert_problem(owner.patch(f"sellers/me/users/{first}/", {"is_active": True}), 409, "user_limit_reached", limit=3)
    assert not User.objects.get(pk=first).is_active
    assert owner.patch(f"sellers/me/users/{first}/", {"is_active": False, "role": "viewer"}).status == 200


def test_no_limit_is_unlimited(owner: Caller, settings: Settings) -> None:
    settings.SELLER_USERS = 0
    assert {invite(owner, f"till-{number}").status for number in range(5)} == {201}


@pytest.mark.django_db(transaction=True)
def test_two_invitations_at_once_cannot_both_take_the_last_place() -> None:
    seller = make_seller(status=Seller.Status.PENDING)
    make_user(seller, SellerRole.VIEWER)
    owner = log_in(owner_of(seller))

    def inviting(name: str) -> int:
        return invite(owner, name).status

    statuses = race(*[lambda name=f"till-{number}": inviting(name) for number in range(6)])
    assert sorted(statuses) == [201] + [409] * 5
    assert seller.users.count() == 3


def test_a_pending_seller_adds_a_limited_number_of_rows_in_an_hour(settings: Settings) -> None:
    settings.PENDING_SELLER_ADDITIONS_PER_HOUR = 4
    seller = make_seller(status=Seller.Status.PENDING)
    owner = log_in(owner_of(seller))
    assert invite(owner, "till-1").status == 201
    for _ in range(3):
        filed = owner.post("credit-requests/", {"amount": "1.00"}).body
        assert owner.post(f"credit-requests/{filed['id']}/cancel/").status == 200
    for answer in (owner.post("credit-requests/", {"amount": "1.00"}), invite(owner, "till-2")):
        assert_problem(answer, 429, "throttled")
        assert int(answer.headers["Retry-After"]) > 0
    assert owner.get("credit-requests/").status == 200
    Seller.objects.filter(pk=seller.pk).update(status="active")
    assert owner.post("credit-requests/", {"amount": "1.00"}).status == 201
