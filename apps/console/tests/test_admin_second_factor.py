"""The second factor in the back office: the gate, setting up, and the question before money moves."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from apps.accounts.second_factor.services import is_enrolled
from apps.console.framework.second_factor import _GIVEN_AT
from apps.testing.back_office import PASSWORD, Desk, desk
from apps.testing.factories import file_request, make_seller, make_staff, sell
from apps.testing.second_factor import code_of, enrol
from apps.transactions.models import Wallet

pytestmark = pytest.mark.django_db

PAGE = "/admin/second-factor/"


@pytest.fixture(autouse=True)
def _required(settings: Settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    settings.OTP_TOTP_THROTTLE_FACTOR = 0


def age(admin: Desk, minutes: int) -> None:
    """Let the login have given its second factor so long ago."""
    session = admin.client.session
    session[_GIVEN_AT] = (timezone.now() - timedelta(minutes=minutes)).isoformat()
    session.save()


def give(admin: Desk) -> Any:
    return admin.client.post(PAGE, {"code": code_of(admin.user), "next": "/admin/accounts/seller/"})


@pytest.mark.parametrize("path", ["/admin/", "/admin/accounts/seller/", "/admin/transactions/ledgerentry/export/"])
def test_no_page_opens_before_the_second_factor(path: str) -> None:
    admin = desk("admin")
    answer = admin.client.get(path)
    assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, PAGE)
    enrol(admin.user)
    assert admin.client.get(path).status_code == 302
    assert give(admin).headers["Location"] == "/admin/accounts/seller/"
    assert admin.client.get(path).status_code == 200


def test_no_step_is_taken_before_the_second_factor() -> None:
    admin, request = desk("admin"), file_request(make_seller())
    answer = admin.act("credit_requests_creditrequest", "approve", request)
    assert answer.headers["Location"] == PAGE
    request.refresh_from_db()
    assert request.status == "pending"


def test_the_first_login_sets_it_up_and_shows_recovery_codes_once() -> None:
    user = make_staff("admin")
    user.set_password(PASSWORD)
    user.save()
    client = Client()
    form = {"username": user.username, "password": PASSWORD, "next": "/admin/"}
    entered = client.post(reverse("admin:login"), form, follow=True)
    assert entered.redirect_chain[-1][0].startswith(PAGE)
    page = entered.content.decode()
    assert "<svg" in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert client.post(PAGE, {"code": "000000"}).status_code == 200
    assert not is_enrolled(user)
    done = client.post(PAGE, {"code": code_of(user, confirmed=False)}).content.decode()
    assert done.count("<li>") == 10
    assert is_enrolled(user)
    assert client.get("/admin/").status_code == 200
    assert "<li>" not in client.get(PAGE).content.decode()


def test_an_old_login_cannot_replace_the_phone() -> None:
    admin = desk("admin")
    enrol(admin.user)
    give(admin)
    age(admin, 10)
    page = admin.client.get(PAGE).content.decode()
    assert "<svg" not in page
    assert not TOTPDevice.objects.filter(confirmed=False).exists()
    give(admin)
    assert "<svg" in admin.client.get(PAGE).content.decode()
    old = TOTPDevice.objects.get(confirmed=True).pk
    admin.client.post(PAGE, {"code": code_of(admin.user, confirmed=False)})
    assert TOTPDevice.objects.get().pk != old


@pytest.mark.parametrize("step", ["approve", "reverse"])
def test_money_moves_after_the_code_that_the_question_asks_for(step: str) -> None:
    seller, admin = make_seller(balance="10.00"), desk("admin")
    sale, request = sell(seller), file_request(seller)
    enrol(admin.user)
    give(admin)
    age(admin, 10)
    model, row = ("credit_requests_creditrequest", request) if step == "approve" else ("transactions_ledgerentry", sale)
    page = admin.act(model, step, row, confirmed=False).content.decode()
    assert "Code of your authenticator app" in page
    for code in ("", "000000"):
        assert admin.act(model, step, row, reason="x", otp=code).status_code == 200
        assert Wallet.objects.get(pk=seller.pk).balance == 9
    assert admin.act(model, step, row, reason="x", otp=code_of(admin.user)).status_code == 302
    assert Wallet.objects.get(pk=seller.pk).balance == (19 if step == "approve" else 10)
    assert not [message for message in admin.messages() if "otp" in message]


def test_within_ten_minutes_the_question_asks_for_no_code() -> None:
    admin, request = desk("admin"), file_request(make_seller())
    enrol(admin.user)
    give(admin)
    age(admin, 9)
    page = admin.act("credit_requests_creditrequest", "approve", request, confirmed=False).content.decode()
    assert "authenticator" not in page
    admin.act("credit_requests_creditrequest", "approve", request)
    request.refresh_from_db()
    assert request.status == "approved"


def test_roles_that_only_read_are_not_asked() -> None:
    assert desk("auditor").client.get("/admin/").status_code == 200


def test_without_the_setting_only_those_who_have_one_are_asked(settings: Settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    admin = desk("admin")
    assert admin.client.get("/admin/").status_code == 200
    enrol(admin.user)
    assert admin.client.get("/admin/").status_code == 302


def test_a_stranger_is_asked_for_the_password_first() -> None:
    assert Client().get(PAGE).headers["Location"].startswith("/admin/login/")


def test_the_way_on_stays_here() -> None:
    admin = desk("admin")
    enrol(admin.user)
    answer = admin.client.post(PAGE, {"code": code_of(admin.user), "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/admin/"
