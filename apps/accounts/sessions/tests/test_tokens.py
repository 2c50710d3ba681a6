"""Access and refresh tokens: rotation, reuse and forgery."""

import time
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.utils import timezone
from pytest_django import Settings
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from apps.accounts.models import Seller, Session, User
from apps.accounts.sessions import tokens
from apps.testing.api import PHONE, Answer, Caller, assert_invalid, assert_problem
from apps.testing.contract.forged_tokens import FORGERIES, payload
from apps.testing.factories import log_in, make_staff, owner_of
from apps.testing.invariants import nothing_changes


def _refresh(token: object) -> Any:
    return Caller().post("auth/refresh/", {"refresh": token})


def _assert_access_is_no_good(token: str) -> None:
    """Neither a view that asks for the user nor the charge, which asks in its own query, takes the token."""
    caller = Caller(token)
    with nothing_changes():
        answers = [caller.get("auth/me/"), caller.charge()]
    for answer in answers:
        assert_problem(answer, 401, "invalid_token")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_refresh_hands_out_a_new_pair(owner: Caller) -> None:
    answer = _refresh(owner.refresh)

    assert answer.status == 200
    assert answer.body.keys() == {"access", "refresh", "token_type", "expires_in", "refresh_expires_in"}
    assert answer.body["refresh"] != owner.refresh
    assert Caller.of(answer).charge().status == 201


def test_a_chain_of_refreshes_stays_one_session(owner: Caller) -> None:
    refresh = owner.refresh
    for _ in range(5):
        refresh = _refresh(refresh).body["refresh"]

    assert Session.objects.count() == 1
    assert owner.get("auth/me/").status == 200


def test_reuse_of_a_spent_token_ends_the_whole_family(owner: Caller) -> None:
    thief = Caller.of(_refresh(owner.refresh))
    assert thief.get("auth/me/").status == 200

    assert_problem(_refresh(owner.refresh), 401, "invalid_token")

    _assert_access_is_no_good(thief.access)
    _assert_access_is_no_good(owner.access)
    with nothing_changes():
        assert_problem(_refresh(thief.refresh), 401, "invalid_token")


def test_reuse_ends_no_other_family(owner: Caller, seller: Seller) -> None:
    other = log_in(owner_of(seller))
    _refresh(owner.refresh)
    _refresh(owner.refresh)

    assert other.charge().status == 201
    assert _refresh(other.refresh).status == 200


def test_a_remembered_token_expires_all_the_same(owner: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED_SECONDS", 10**12)
    assert owner.get("auth/me/").status == 200
    expires_at = jwt.decode(owner.access, options={"verify_signature": False})["exp"]

    monkeypatch.setattr(time, "time", lambda: float(expires_at))

    _assert_access_is_no_good(owner.access)


def test_a_deleted_user_is_out_on_the_next_request(db: None) -> None:
    user = make_staff("admin")
    caller = log_in(user)
    user.delete()

    with nothing_changes():
        assert_problem(caller.get("auth/me/"), 401, "invalid_token")
        assert_problem(_refresh(caller.refresh), 401, "invalid_token")
        assert_problem(caller.post("auth/logout/", {"refresh": caller.refresh}), 401, "invalid_token")


def test_a_user_who_moves_to_another_seller_does_not_take_a_session_along(
    owner: Caller, seller: Seller, other_seller: Seller
) -> None:
    User.objects.filter(pk=owner_of(seller).pk).update(seller=other_seller)

    with nothing_changes():
        assert_problem(owner.charge(), 401, "invalid_token")


def test_a_suspension_counts_on_the_next_request(owner: Caller, admin: Caller, seller: Seller) -> None:
    assert owner.charge().status == 201
    admin.post(f"sellers/{seller.pk}/suspend/")

    with nothing_changes():
        assert_problem(owner.charge(), 403, "seller_not_active", seller_status="suspended")
    admin.post(f"sellers/{seller.pk}/reactivate/")
    assert owner.charge().status == 201


def test_a_role_that_was_taken_away_is_gone_on_the_next_request(owner: Caller, seller: Seller) -> None:
    User.objects.filter(pk=owner_of(seller).pk).update(seller_role="viewer")

    with nothing_changes():
        assert_problem(owner.charge(), 403, "permission_denied")
        assert_problem(owner.post("credit-requests/", {"amount": "1.00"}), 403, "permission_denied")


every_forgery = pytest.mark.parametrize("forgery", FORGERIES)


@pytest.fixture
def signing_key(settings: Settings) -> str:
    """The key that tokens are signed with."""
    key: str = settings.SIMPLE_JWT["SIGNING_KEY"]
    return key


@every_forgery
def test_a_forged_access_token_is_refused(owner: Caller, signing_key: str, forgery: str) -> None:
    _assert_access_is_no_good(FORGERIES[forgery](owner.access, signing_key))


@every_forgery
def test_a_forged_refresh_token_is_refused(owner: Caller, signing_key: str, forgery: str) -> None:
    token = FORGERIES[forgery](owner.refresh, signing_key)

    with nothing_changes():
        for path in ("auth/refresh/", "auth/logout/"):
            answer = Caller().post(path, {"refresh": token})
            if len(token) > 2_000:
                assert_invalid(answer, "refresh")
            else:
                assert_problem(answer, 401, "invalid_token")


def test_a_refresh_token_is_no_access_token_nor_the_other_way_round(owner: Caller) -> None:
    _assert_access_is_no_good(owner.refresh)
    with nothing_changes():
        assert_problem(_refresh(owner.access), 401, "invalid_token")


def test_a_session_of_another_user_is_not_lent(owner: Caller, admin: Caller, signing_key: str) -> None:
    stolen = payload(owner.access, user_id=payload(admin.access)["user_id"])

    with nothing_changes():
        answer = Caller(jwt.encode(stolen, signing_key, "HS256")).get("reconciliation/")

    assert_problem(answer, 401, "invalid_token")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "not_authenticated"),
        ("Basic dTpw", "not_authenticated"),
        ("Token x", "not_authenticated"),
        ("Bearer", "invalid_token"),
        ("Bearer a b", "invalid_token"),
        ("Bearer \x00", "invalid_token"),
        ("Bearer é", "invalid_token"),
    ],
)
def test_a_header_that_is_no_bearer_token_is_refused(owner: Caller, header: str, code: str) -> None:
    with nothing_changes():
        answers = [
            Caller().get("auth/me/", Authorization=header),
            Caller().post("charges/", {"phone_number": "x"}, Authorization=header),
        ]

    for answer in answers:
        assert_problem(answer, 401, code)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", " bearer "])
def test_the_scheme_is_read_in_any_case(owner: Caller, scheme: str) -> None:
    answer = Caller().get("auth/me/", Authorization=f"{scheme} {owner.access}")

    assert answer.status == 200


@pytest.mark.parametrize("header", ["{token}", "Bearer", "bearer{token}"])
def test_a_token_without_its_scheme_is_told_so(owner: Caller, header: str) -> None:
    with nothing_changes():
        answer = Caller().post(
            "charges/", {"phone_number": PHONE, "amount": "1.00"}, Authorization=header.format(token=owner.access)
        )

    assert_problem(answer, 401, "invalid_token")
    assert "Authorization: Bearer <access token>" in answer.body["detail"]
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("token", ["", None, [], {}, True, "nul\x00", "\ud800"], ids=repr)
def test_a_refresh_token_of_the_wrong_kind_is_refused(owner: Caller, token: object) -> None:
    with nothing_changes():
        answer = _refresh(token)

    assert_invalid(answer, "refresh")


def test_answers_say_what_is_left_of_both_tokens(owner: Caller) -> None:
    for _ in range(2):
        body = _refresh(owner.refresh).body
        claims = [payload(body[name]) for name in ("access", "refresh")]
        assert (body["token_type"], body["expires_in"], body["refresh_expires_in"]) == ("Bearer", 900, 86_400)
        assert [each["exp"] - each["iat"] for each in claims] in ([900, 86_400], [899, 86_399])
        owner = Caller(body["access"], body["refresh"])


def test_a_session_ends_after_30_days_however_often_it_is_refreshed(
    owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = timezone.now()
    hours = 0

    def refresh_after(pause: int) -> Answer:
        nonlocal hours
        hours += pause
        monkeypatch.setattr(timezone, "now", lambda: began + timedelta(hours=hours))
        answer: Answer = _refresh(owner.refresh)
        return answer

    while (answer := refresh_after(20)).status == 200:
        left = timedelta(days=30) - timedelta(hours=hours)
        assert 0 <= min(left.total_seconds(), 86_400) - answer.body["refresh_expires_in"] <= 1
        owner = Caller.of(answer)

    assert_problem(answer, 401, "invalid_token")
    assert hours == 720


def test_near_its_end_a_session_has_short_tokens(owner: Caller) -> None:
    Session.objects.update(created_at=timezone.now() - timedelta(days=30) + timedelta(seconds=100))
    body = _refresh(owner.refresh).body

    assert 90 < body["expires_in"] == body["refresh_expires_in"] <= 101
    assert Session.objects.get().expires_at <= Session.objects.get().created_at + timedelta(days=30)


def test_a_shorter_setting_counts_for_sessions_that_have_begun(owner: Caller, settings: Settings) -> None:
    Session.objects.update(created_at=timezone.now() - timedelta(days=2))
    settings.SESSION_MAX_DAYS = 2

    with nothing_changes():
        assert_problem(_refresh(owner.refresh), 401, "invalid_token")


def test_tokens_live_as_long_as_promised() -> None:
    lives = [kind.lifetime for kind in (AccessToken, RefreshToken)]

    assert lives == [timedelta(minutes=15), timedelta(days=1)]
