"""The two logins, logout and me."""

from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import identify_hasher
from pytest_django import Settings

from apps.accounts.models import Seller, Session, User
from apps.accounts.sessions import services
from apps.testing.api import Answer, Caller, assert_problem
from apps.testing.factories import log_in, make_seller, make_staff, owner_of
from apps.testing.invariants import nothing_changes
from config.settings import base

PASSWORD = "long enough, and odd"
DOORS = {"seller": "auth/seller/login/", "admin": "auth/admin/login/"}


def _with_password(user: User, *, username: str) -> User:
    user.username = username
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def owner_user(seller: Seller) -> User:
    """The owner of `seller`, named `owner`."""
    return _with_password(owner_of(seller), username="owner")


@pytest.fixture
def staff_user(db: None) -> User:
    """An auditor, named `staff`."""
    return _with_password(make_staff("auditor"), username="staff")


def _log_in(door: str, username: str, password: str = PASSWORD) -> Answer:
    return Caller().post(DOORS[door], {"username": username, "password": password})


@pytest.mark.parametrize(("door", "username"), [("seller", "owner"), ("admin", "staff"), ("seller", "OWNER")])
def test_the_right_door_hands_out_both_tokens(owner_user: User, staff_user: User, door: str, username: str) -> None:
    answer = _log_in(door, username)

    assert answer.status == 200
    assert answer.body.keys() == {"access", "refresh", "token_type", "expires_in", "refresh_expires_in"}
    me = Caller.of(answer).get("auth/me/").body
    assert me["username"] == username.lower()


@pytest.mark.parametrize(
    ("door", "username", "password"),
    [
        ("admin", "owner", PASSWORD),
        ("seller", "staff", PASSWORD),
        ("seller", "owner", "wrong"),
        ("admin", "staff", PASSWORD + " "),
        ("seller", "unknown", PASSWORD),
    ],
    ids=["seller at the staff door", "staff at the seller door", "wrong password", "a space more", "unknown"],
)
def test_every_other_try_gets_one_and_the_same_answer(
    owner_user: User, staff_user: User, door: str, username: str, password: str
) -> None:
    with nothing_changes():
        answer = _log_in(door, username, password)

    assert_problem(answer, 401, "invalid_credentials")
    assert answer.body["detail"] == "No active account with these credentials."


def test_a_deactivated_user_cannot_log_in(owner_user: User) -> None:
    User.objects.update(is_active=False)

    with nothing_changes():
        answer = _log_in("seller", "owner")

    assert_problem(answer, 401, "invalid_credentials")


@pytest.mark.parametrize("change", [{"password": "new"}, {"is_active": False}])
def test_a_login_that_is_overtaken_by_a_new_password_or_a_deactivation_fails(
    owner_user: User, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    """Its session would outlive the end of all sessions."""

    def authenticate_then_change(**credentials: Any) -> Any:
        user = authenticate(**credentials)
        User.objects.update(**change)
        return user

    monkeypatch.setattr(services, "authenticate", authenticate_then_change)

    assert_problem(_log_in("seller", "owner"), 401, "invalid_credentials")
    assert not Session.objects.exists()


@pytest.mark.parametrize("status", ["pending", "suspended"])
def test_a_seller_that_is_not_active_logs_in_and_reads(owner_user: User, seller: Seller, status: str) -> None:
    Seller.objects.update(status=status)

    caller = Caller.of(_log_in("seller", "owner"))

    assert caller.get("sellers/me/").body["status"] == status
    assert caller.get("sellers/me/balance/").status == 200
    assert caller.charge().body["code"] == "seller_not_active"


def test_passwords_are_kept_with_argon2(owner_user: User, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = base.PASSWORD_HASHERS
    owner_user.set_password(PASSWORD)

    assert identify_hasher(owner_user.password).algorithm == "argon2"
    assert owner_user.check_password(PASSWORD)


def test_logins_are_separate_sessions(owner_user: User) -> None:
    first, second = (Caller.of(_log_in("seller", "owner")) for _ in range(2))

    first.post("auth/logout/", {"refresh": first.refresh})

    assert second.get("auth/me/").status == 200
    assert Session.objects.count() == 2


def test_logout_ends_access_and_refresh_at_once(owner: Caller) -> None:
    answer = owner.post("auth/logout/", {"refresh": owner.refresh})

    assert (answer.status, answer.content) == (204, b"")
    assert_problem(owner.get("auth/me/"), 401, "invalid_token")
    with nothing_changes():
        assert_problem(owner.charge(), 401, "invalid_token")
        assert_problem(owner.post("auth/refresh/", {"refresh": owner.refresh}), 401, "invalid_token")
        assert_problem(owner.post("auth/logout/", {"refresh": owner.refresh}), 401, "invalid_token")


def test_me_of_a_seller_shows_its_seller(owner: Caller, seller: Seller) -> None:
    body = owner.get("auth/me/").body

    assert body.keys() == {"id", "username", "roles", "seller"}
    assert body["roles"] == ["owner"]
    assert body["seller"] == owner.get("sellers/me/").body


def test_me_of_staff_has_no_seller(db: None) -> None:
    body = log_in(make_staff("support", "auditor")).get("auth/me/").body

    assert (body["roles"], body["seller"]) == (["auditor", "support"], None)


def test_a_pending_sellers_owner_is_an_owner(db: None) -> None:
    caller = log_in(owner_of(make_seller(status=Seller.Status.PENDING)))

    assert caller.get("auth/me/").body["roles"] == ["owner"]
