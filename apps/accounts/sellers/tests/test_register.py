"""POST auth/seller/register/: a company asks to become a seller."""

from typing import Any

import pytest

from apps.accounts.models import User
from apps.testing.api import UUID7, Caller, assert_invalid
from apps.testing.invariants import nothing_changes
from apps.transactions.models import Wallet

PASSWORD = "long enough, and odd"
BODY = {"username": "reza", "password": PASSWORD, "email": "reza@example.com", "company_name": "Reza & Co"}


def _register(caller: Caller, **changes: Any) -> Any:
    return caller.post("auth/seller/register/", {**BODY, **changes})


def test_a_registration_makes_a_pending_seller_with_an_empty_wallet(anonymous: Caller) -> None:
    answer = _register(anonymous, phone_number="0912111111\u06f1")

    assert answer.status == 201
    body = answer.body
    assert UUID7.fullmatch(body.pop("id"))
    assert UUID7.fullmatch(body["seller"].pop("id"))
    assert body == {"username": "reza", "seller": {"company_name": "Reza & Co", "status": "pending"}}
    user = User.objects.select_related("seller").get(username="reza")
    assert (user.email, user.seller_role, user.is_staff, user.is_superuser) == (BODY["email"], "owner", False, False)
    assert user.check_password(PASSWORD)
    seller = user.seller
    assert seller is not None
    assert (seller.email, seller.phone_number, seller.daily_limit) == (BODY["email"], "+989121111111", None)
    assert Wallet.objects.get(pk=seller.pk).balance == 0


def test_the_phone_number_may_be_left_out(anonymous: Caller) -> None:
    assert _register(anonymous).status == 201


def test_a_registration_cannot_give_itself_more(anonymous: Caller) -> None:
    extras = {"status": "active", "is_staff": True, "is_superuser": True, "balance": "9.00", "daily_limit": None}

    with nothing_changes():
        answer = _register(anonymous, **extras)

    assert answer.codes == {(name, "unknown_field") for name in extras}


@pytest.mark.parametrize(
    ("field", "value"),
    [("username", "reza"), ("username", "REZA"), ("email", "reza@example.com"), ("email", "Reza@Example.COM")],
)
def test_a_name_or_email_that_is_taken_is_refused(anonymous: Caller, field: str, value: str) -> None:
    _register(anonymous)
    fresh = {"username": "other", "email": "other@example.com"}

    with nothing_changes():
        answer = _register(anonymous, **{**fresh, field: value})

    assert_invalid(answer, field)
    assert answer.codes == {(field, "unique")}


@pytest.mark.parametrize("password", ["short", "12345678901", "password123", "reza1", "", "x" * 129])
def test_a_weak_password_is_refused(anonymous: Caller, password: str) -> None:
    with nothing_changes():
        answer = _register(anonymous, password=password)

    assert_invalid(answer, "password")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", ""),
        ("username", "a b"),
        ("username", "x" * 151),
        ("username", "nul\x00"),
        ("username", "\ud800"),
        ("username", None),
        ("username", ["reza"]),
        ("email", "not an email"),
        ("email", "nul\x00@example.com"),
        ("email", "x" * 250 + "@example.com"),
        ("email", {}),
        ("company_name", ""),
        ("company_name", "   "),
        ("company_name", "x" * 201),
        ("company_name", "nul\x00"),
        ("company_name", "\udfff"),
        ("company_name", True),
        ("password", "nul\x00 is not text here"),
        ("password", "\ud800 is not text here"),
        ("password", 12345),
        ("phone_number", "12"),
        ("phone_number", None),
        ("phone_number", ""),
        ("phone_number", "+982188888888"),
    ],
)
def test_a_field_of_the_wrong_kind_is_refused(anonymous: Caller, field: str, value: object) -> None:
    with nothing_changes():
        answer = _register(anonymous, **{field: value})

    assert_invalid(answer, field)


def test_all_complaints_come_in_one_answer(anonymous: Caller) -> None:
    _register(anonymous)
    wrong = {"email": "REZA@example.com", "password": "1234"}

    with nothing_changes():
        known_to_the_domain = _register(anonymous, **wrong)
        answer = _register(anonymous, **wrong, phone_number="12", company_name=" ")

    complaints = {("username", "unique"), ("email", "unique"), ("password", "weak_password")}
    assert known_to_the_domain.codes == complaints
    assert answer.codes >= complaints | {("phone_number", "invalid_phone_number")}
    assert {field for field, _ in answer.codes} == {"username", "email", "password", "phone_number", "company_name"}


def test_a_password_like_the_name_is_weak_beside_other_complaints(anonymous: Caller) -> None:
    answer = _register(anonymous, username="warm-ibis-58", password="warm-ibis-58", phone_number="12")

    assert answer.codes == {("password", "weak_password"), ("phone_number", "invalid_phone_number")}


@pytest.mark.parametrize("body", [[], "text", 1, None])
def test_a_body_that_is_no_object_is_refused(anonymous: Caller, body: object) -> None:
    assert_invalid(anonymous.post("auth/seller/register/", body))


@pytest.mark.parametrize("field", BODY)
def test_a_field_that_is_missing_is_named(anonymous: Caller, field: str) -> None:
    body = {name: value for name, value in BODY.items() if name != field}

    with nothing_changes():
        answer = anonymous.post("auth/seller/register/", body)

    assert answer.codes == {(field, "required")}
