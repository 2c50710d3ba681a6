"""Names at every door: usernames are normalised and do not look like those of staff; hidden characters are refused."""
# ruff: noqa: RUF001  (letters that look like others are what these tests are about)

import os
from collections.abc import Callable
from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import Seller, User
from apps.core.limits.rate_limits import local_counts
from apps.core.values.ids import uuid7
from apps.testing.api import Answer, Caller
from apps.testing.back_office import desk, user_form
from apps.testing.constraints import columns_of, database_as, insert_row, refused_by
from apps.testing.factories import log_in, make_seller, make_staff, make_user, owner_of
from apps.testing.invariants import nothing_changes

PASSWORD = "warm-ibis-58-cup"
WIDE = "ｍｅｈｒ"

pytestmark = pytest.mark.django_db


def register(username: str = "mehr", **changes: Any) -> Answer:
    body = {"username": username, "password": PASSWORD, "email": "a@example.com", "company_name": "Mehr", **changes}
    return Caller().post("auth/seller/register/", body)


def _by_staff(username: str) -> Answer:
    body = {"username": username, "password": PASSWORD, "email": "a@example.com", "company_name": "Mehr"}
    return log_in(make_staff("admin")).post("sellers/", body)


def _by_an_owner(username: str) -> Answer:
    body = {"username": username, "password": PASSWORD, "role": "viewer"}
    return log_in(owner_of(make_seller())).post("sellers/me/users/", body)


def _in_the_back_office(username: str) -> None:
    seller = make_seller()
    form = {
        "username": username, "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true",
        "seller": str(seller.pk), "seller_role": "viewer",
    }  # fmt: skip
    desk("admin").post("accounts_user_add", data=form)


def _by_createsuperuser(username: str) -> None:
    with patch.dict(os.environ, {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}):
        call_command("createsuperuser", "--noinput", username=username, email="a@example.com", stdout=StringIO())


def _in_a_shell(username: str) -> None:
    User.objects.create(username=username)


DOORS = {
    "registration": register, "sellers/": _by_staff, "sellers/me/users/": _by_an_owner,
    "back office": _in_the_back_office, "createsuperuser": _by_createsuperuser, "shell": _in_a_shell,
}  # fmt: skip


@pytest.mark.parametrize("door", DOORS)
def test_every_door_normalises_a_username(door: str) -> None:
    DOORS[door](WIDE)

    assert not User.objects.filter(username=WIDE).exists()
    assert User.objects.get(username="mehr")


@pytest.mark.parametrize("door", list(DOORS)[:4])
@pytest.mark.parametrize(
    ("username", "code"),
    [
        ("аdmin", "mixed_scripts"),
        ("mehr-ρ", "mixed_scripts"),
        ("mehr-مهر", "mixed_scripts"),
        ("ꓮꓓꓟꓲꓠ", "mixed_scripts"),
        ("ɑdmin", "mixed_scripts"),
        ("a\u3164b", "hidden_characters"),
        ("ａｄｍｉｎ", "reserved"),
        ("Support", "reserved"),
        ("ádmin_", "reserved"),
        ("adm1n", "reserved"),
        ("adrnin", "reserved"),
        ("аԁміп", "reserved"),
        ("rnina", "reserved"),
        ("علي", "reserved"),
        ("ﬃ" * 60, "max_length"),
        ("a\u00a8", "invalid"),
    ],
)
def test_a_username_that_could_deceive_is_refused(door: str, username: str, code: str) -> None:
    for name in ("mina", "علی"):
        User.objects.create(username=name, is_staff=True)
    answer = DOORS[door](username)

    if answer is not None:
        assert (answer.status, answer.codes) == (400, {("username", code)})
    assert not User.objects.exclude(username__in=["mina", "علی"]).exclude(username__regex="^(staff|owner)").exists()


@pytest.mark.parametrize("username", ["mehr-till.2", "علی۲", "Мария", "ngọc", "田中さん", "mina2", "admin-of-mehr"])
def test_ordinary_usernames_are_taken(username: str) -> None:
    User.objects.create(username="mina", is_staff=True)

    assert register(username).status == 201


def test_staff_may_be_called_admin(db: None) -> None:
    form = {
        "username": "admin",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "usable_password": "true",
        "groups": ["1"],
    }

    assert desk("admin").post("accounts_user_add", data=form).status_code == 302
    assert User.objects.get(username="admin").is_staff


def test_a_user_with_an_old_name_is_still_edited(db: None) -> None:
    user = make_user(make_seller())
    User.objects.filter(pk=user.pk).update(username="support")
    user.refresh_from_db()

    answer = desk("admin").post("accounts_user_change", user.pk, data=user_form(user, email="new@example.com"))
    assert answer.status_code == 302
    assert User.objects.get(pk=user.pk).email == "new@example.com"


@pytest.mark.parametrize("typed", ["mehr", "MEHR", WIDE])
def test_a_login_normalises_too(typed: str, settings: Settings) -> None:
    settings.LOGIN_FAILURES_PER_ACCOUNT = 1
    local_counts.clear()
    register()
    login = {"username": typed, "password": PASSWORD}

    assert Caller().post("auth/seller/login/", login).status == 200
    answers = [Caller().post("auth/seller/login/", {"username": each, "password": "x"}) for each in ("mehr", typed)]
    assert [answer.status for answer in answers] == [401, 429], "another spelling has no count of its own"


def test_the_back_office_knows_a_wide_name(db: None) -> None:
    User.objects.create_superuser("boss", password=PASSWORD)

    assert Client().post("/admin/login/", {"username": "ｂｏｓｓ", "password": PASSWORD}).status_code == 302


HIDDEN = [
    "\u200b", "\u200d", "\u202e", "\u2066", "\ufeff", "\u3164", "\uffa0", "\u115f", "\u00ad", "\u2800", "\n", "\x1b",
    "\x85", "\U000e0041", "\ufe0f", "\u061c", "\u200c",
]  # fmt: skip


@pytest.mark.parametrize("character", HIDDEN, ids=ascii)
@pytest.mark.parametrize("form", ["Mehr{}Mobile", "{}"])
def test_a_company_name_with_hidden_characters_is_refused_at_every_door(form: str, character: str) -> None:
    name = form.format(character)
    seller = make_seller()
    admin = log_in(make_staff("admin"))
    back_office = desk("admin")

    with nothing_changes():
        answers = [
            register(company_name=f"a{name}b"),
            admin.patch(f"sellers/{seller.pk}/", {"company_name": f"a{name}b"}),
        ]
        page = back_office.post(
            "accounts_seller_change", seller.pk, data={"company_name": f"a{name}b", "email": seller.email}
        )
    assert [answer.status for answer in answers] == [400, 400]
    assert all({field for field, _ in answer.codes} == {"company_name"} for answer in answers)
    assert page.status_code == 200


@pytest.mark.parametrize("name", ["\u00a0", "\u2003 \u3000", " "])
def test_a_company_name_of_blanks_is_refused(name: str) -> None:
    assert register(company_name=name).codes <= {("company_name", "blank"), ("company_name", "hidden_characters")}
    assert not Seller.objects.exists()


@pytest.mark.parametrize("name", ["می\u200cخواهم شارژ", "شرکتِ\u200cما", "Reza & Co (2)", "Ünal Ltd.", "株式会社"])
def test_ordinary_company_names_are_taken(name: str) -> None:
    assert register(company_name=name).status == 201
    assert Seller.objects.get().company_name == name


@pytest.mark.parametrize("name", ["\u200cمهر", "مهر\u200c", "مهر\u200c\u200cمهر", "مهر\u200ca"])
def test_a_non_joiner_belongs_between_persian_letters(name: str) -> None:
    assert register(company_name=name).status == 400


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("model", "changes", "constraint"),
    [
        (Seller, {"company_name": "a\u200bb"}, "seller_company_name_visible"),
        (Seller, {"company_name": "a\U000e0041b"}, "seller_company_name_visible"),
        (Seller, {"company_name": "a\u200cb"}, "seller_company_name_visible"),
        (Seller, {"company_name": "\u2003"}, "seller_company_name_visible"),
        (User, {"username": WIDE}, "user_username_normalized"),
        (User, {"username": "a\u1160b"}, "user_names_visible"),
        (User, {"first_name": "a\u202eb"}, "user_names_visible"),
        (User, {"last_name": "a\u3164b"}, "user_names_visible"),
    ],
    ids=ascii,
)
def test_the_database_refuses_it_too(model: Any, changes: dict[str, Any], constraint: str) -> None:
    seller = make_seller()
    known = seller if model is Seller else owner_of(seller)
    fresh = {"id": uuid7(), "email": "new@example.com"} | ({"username": "new"} if model is User else {})

    with refused_by(constraint), database_as("app") as cursor:
        insert_row(cursor, model, columns_of(known, **fresh) | changes)


@pytest.mark.django_db(transaction=True)
def test_a_persian_name_is_one_for_the_database(db: None) -> None:
    make_seller(company_name="می\u200cخواهم")


def test_the_back_office_refuses_a_first_name_with_hidden_characters(db: None) -> None:
    user = make_user(make_seller())

    page = desk("admin").post("accounts_user_change", user.pk, data=user_form(user, first_name="a\u202eb"))
    assert page.status_code == 200
    assert User.objects.get(pk=user.pk).first_name == ""


def _patch_email(caller: Caller, number: int) -> int:
    return caller.patch("sellers/me/", {"email": f"probe{number}@example.com"}).status


def _invite(caller: Caller, number: int) -> int:
    return caller.post("sellers/me/users/", {"username": f"probe{number}", "password": "x", "role": "viewer"}).status


@pytest.mark.parametrize("ask", [_patch_email, _invite])
def test_a_seller_does_not_ask_for_names_without_limit(ask: Callable[[Caller, int], int], settings: Settings) -> None:
    settings.ACCOUNT_CHANGES_PER_HOUR = 3
    local_counts.clear()
    owner = log_in(owner_of(make_seller(status=Seller.Status.PENDING)))

    assert [ask(owner, number) == 429 for number in range(5)] == [False, False, False, True, True]
    assert owner.get("sellers/me/").status == 200


def test_sellers_at_one_address_share_a_limit_and_staff_have_none(settings: Settings) -> None:
    settings.ACCOUNT_CHANGES_PER_HOUR = 0
    settings.ACCOUNT_CHANGES_PER_HOUR_PER_ADDRESS = 3
    local_counts.clear()
    owners = [log_in(owner_of(make_seller())) for _ in range(4)]

    assert [_patch_email(owner, number) for number, owner in enumerate(owners)] == [200, 200, 200, 429]
    admin = log_in(make_staff("admin"))
    assert admin.patch(f"sellers/{Seller.objects.first().pk}/", {"email": "x@example.com"}).status == 200  # type: ignore[union-attr]
