"""The second factor over the API: logins, single use, guessing, and the step-up before money moves."""

import base64
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from apps.accounts.models import AuditEvent, Seller, Session, User
from apps.accounts.second_factor import checks, services
from apps.testing.api import Answer, Caller, assert_problem
from apps.testing.factories import add_credit, file_request, log_in, make_seller, make_staff, owner_of, sell
from apps.testing.invariants import nothing_changes
from apps.testing.races import race
from apps.testing.second_factor import code_of, enrol

pytestmark = pytest.mark.django_db

PASSWORD = "tall-heron-37-desk"
WRONG = "000000"


@pytest.fixture(autouse=True)
def _required(settings: Settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    settings.OTP_TOTP_THROTTLE_FACTOR = 0  # but where guessing is tested


def staff(role: str) -> User:
    user = make_staff(role)
    user.set_password(PASSWORD)
    user.save()
    return user


def log_in_by_password(user: User, door: str = "admin", **more: str) -> Answer:
    return Caller().post(f"auth/{door}/login/", {"username": user.username, "password": PASSWORD, **more})


def caller_of(answer: Answer) -> Caller:
    return Caller(answer.body["access"], answer.body["refresh"])


@pytest.mark.parametrize("role", ["admin", "credit_approver"])
def test_a_role_that_approves_needs_a_code_to_log_in(role: str) -> None:
    user = enrol(staff(role))
    with nothing_changes():
        assert_problem(log_in_by_password(user), 401, "otp_required", enrolled=True)
        assert_problem(log_in_by_password(user, otp=WRONG), 401, "invalid_otp")
    assert log_in_by_password(user, otp=code_of(user)).status == 200


def test_a_wrong_password_is_refused_before_the_code() -> None:
    user = enrol(staff("admin"))
    body = {"username": user.username, "password": "wrong", "otp": code_of(user)}
    assert_problem(Caller().post("auth/admin/login/", body), 401, "invalid_credentials")


def test_one_who_has_none_is_told_to_set_it_up_first() -> None:
    assert_problem(log_in_by_password(staff("admin"), otp=WRONG), 401, "otp_required", enrolled=False)


def test_roles_that_only_read_need_none_until_they_set_one_up() -> None:
    user = staff("support")
    assert log_in_by_password(user).status == 200
    enrol(user)
    assert_problem(log_in_by_password(user), 401, "otp_required", enrolled=True)


def test_without_the_setting_a_password_is_enough(settings: Settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    user, seller = staff("admin"), make_seller()
    caller = caller_of(log_in_by_password(user))
    assert caller.post(f"credit-requests/{file_request(seller).pk}/approve/").status == 200


def test_the_door_of_sellers_is_no_way_around() -> None:
    both = staff("admin")
    User.objects.filter(pk=both.pk).update(seller=make_seller(), seller_role="owner")
    assert_problem(log_in_by_password(both, "seller"), 401, "otp_required", enrolled=False)


def test_a_code_passes_once() -> None:
    user = enrol(staff("admin"))
    code = code_of(user)
    assert log_in_by_password(user, otp=code).status == 200
    assert_problem(log_in_by_password(user, otp=code), 401, "invalid_otp")


@pytest.mark.django_db(transaction=True)
def test_of_many_logins_at_once_with_one_code_one_succeeds() -> None:
    Group.objects.get(name="admin")
    user = enrol(staff("admin"))
    code = code_of(user)
    assert sorted(race(*[lambda: log_in_by_password(user, otp=code).status] * 5)) == [200] + [401] * 4


def test_guessing_is_slowed(settings: Settings) -> None:
    settings.OTP_TOTP_THROTTLE_FACTOR = 1_000
    user = enrol(staff("admin"))
    assert log_in_by_password(user, otp=WRONG).status == 401
    assert_problem(log_in_by_password(user, otp=code_of(user)), 401, "invalid_otp")


def test_wrong_codes_count_as_failed_logins(settings: Settings) -> None:
    settings.LOGIN_FAILURES_PER_ACCOUNT = 3
    user = enrol(staff("admin"))
    assert [log_in_by_password(user, otp=WRONG).status for _ in range(4)] == [401, 401, 401, 429]


def test_recovery_codes_pass_once_and_are_no_guesses_at_the_app(settings: Settings) -> None:
    settings.OTP_TOTP_THROTTLE_FACTOR = settings.OTP_STATIC_THROTTLE_FACTOR = 1_000
    user = staff("admin")
    services.begin_enrolment(user)
    codes = services.finish_enrolment(user, code_of(user, confirmed=False))
    assert len(set(codes)) == 10
    assert log_in_by_password(user, otp=code_of(user)).status == 200
    assert log_in_by_password(user, otp=codes[0].upper()).status == 200
    assert log_in_by_password(user, otp=code_of(user)).status == 200
    assert_problem(log_in_by_password(user, otp=codes[0]), 401, "invalid_otp")
    assert StaticToken.objects.count() == 9


def test_digits_of_a_persian_keyboard_are_digits() -> None:
    user = enrol(staff("admin"))
    code = code_of(user).translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    assert log_in_by_password(user, otp=f"{code[:3]} {code[3:]}").status == 200


@pytest.fixture
def moved(seller: Seller) -> dict[str, Any]:
    """Calls that move money, with their bodies."""
    sale = sell(seller)
    return {
        f"credit-requests/{file_request(seller).pk}/approve/": ({}, 200),
        f"transactions/{sale.pk}/reverse/": ({"reason": "no"}, 201),
    }


def test_money_moves_only_within_ten_minutes_of_a_code(moved: dict[str, Any]) -> None:
    user = enrol(staff("admin"))
    caller = caller_of(log_in_by_password(user, otp=code_of(user)))
    session = Session.objects.filter(user=user)
    session.update(second_factor_at=timezone.now() - timedelta(minutes=10))
    for path, (body, done) in moved.items():
        with nothing_changes():
            assert_problem(caller.post(path, body), 403, "step_up_required")
            assert_problem(caller.post("auth/step-up/", {"otp": WRONG}), 401, "invalid_otp")
            assert_problem(caller.post(path, body), 403, "step_up_required")
        stepped = caller.post("auth/step-up/", {"otp": code_of(user)})
        assert (stepped.status, stepped.body) == (200, {"expires_in": 600})
        assert caller.post(path, body).status == done
        session.update(second_factor_at=None)
        assert caller.get("auth/me/").status == 200


def test_a_login_with_a_code_moves_money_at_once_and_keeps_it_over_a_refresh(moved: dict[str, Any]) -> None:
    user = enrol(staff("admin"))
    caller = caller_of(log_in_by_password(user, otp=code_of(user)))
    caller = caller_of(caller.post("auth/refresh/", {"refresh": caller.refresh}))
    for path, (body, done) in moved.items():
        assert caller.post(path, body).status == done


def test_a_step_up_counts_for_its_own_session(moved: dict[str, Any]) -> None:
    user = enrol(staff("admin"))
    stepped, other = log_in(user), log_in(user)
    assert stepped.post("auth/step-up/", {"otp": code_of(user)}).status == 200
    path, (body, done) = next(iter(moved.items()))
    assert_problem(other.post(path, body), 403, "step_up_required")
    assert stepped.post(path, body).status == done


def test_the_wrong_role_is_told_its_role_not_the_code(moved: dict[str, Any]) -> None:
    for path, (body, _) in moved.items():
        assert_problem(log_in(make_staff("support")).post(path, body), 403, "permission_denied")


def test_sellers_have_nothing_to_step_up(owner: Caller) -> None:
    assert_problem(owner.post("auth/step-up/", {"otp": WRONG}), 403, "permission_denied")


def test_a_wrong_code_at_enrolment_confirms_nothing() -> None:
    user = staff("admin")
    services.begin_enrolment(user)
    with pytest.raises(services.InvalidOtp):
        services.finish_enrolment(user, WRONG)
    assert not services.is_enrolled(user)


def test_the_operator_takes_a_lost_factor_away_and_with_it_the_sessions() -> None:
    user = enrol(staff("admin"))
    caller = caller_of(log_in_by_password(user, otp=code_of(user)))
    call_command("second_factor", "reset", user.username)
    assert not TOTPDevice.objects.exists()
    assert caller.get("auth/me/").status == 401
    line = AuditEvent.objects.latest("pk")
    assert (line.action, line.actor, line.subject_id) == ("reset second factor", None, str(user.pk))
    with pytest.raises(CommandError, match="No user"):
        call_command("second_factor", "reset", "unknown")


def test_a_command_gives_a_second_factor_to_a_user_of_a_server_without_a_browser(
    capsys: pytest.CaptureFixture[str],
) -> None:
    user = staff("admin")
    call_command("second_factor", "enrol", user.username)
    secret, codes = (line.partition(": ")[2] for line in capsys.readouterr().out.splitlines())
    code = f"{totp(base64.b32decode(secret)):06d}"
    assert log_in_by_password(user, otp=code).status == 200
    assert log_in_by_password(user, otp=codes.split()[0]).status == 200
    line = AuditEvent.objects.filter(action="enrol second factor").latest("pk")
    assert (line.actor, line.subject_id) == (None, str(user.pk))


def test_no_secret_and_no_code_is_logged(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.DEBUG)
    user = staff("admin")
    device = services.begin_enrolment(user)
    code = code_of(user, confirmed=False)
    codes = services.finish_enrolment(user, code)
    log_in_by_password(user, otp=codes[0])
    log_in_by_password(user, otp="424242")
    said = caplog.text + "".join(capsys.readouterr()) + str([vars(record) for record in caplog.records])
    said += str(list(AuditEvent.objects.values()))
    assert "second_factor_refused" in said
    assert not [secret for secret in (device.key, code, codes[0], "424242") if secret in said]


def test_the_deployment_check_tells_if_it_is_off(settings: Settings) -> None:
    assert checks.check_required() == []
    settings.REQUIRE_SECOND_FACTOR = False
    assert [told.id for told in checks.check_required()] == ["sharj.I002"]


def test_credit_made_by_tests_needs_no_code() -> None:
    """Services are below the check: it belongs to the session, which commands do not have."""
    seller = make_seller()
    assert add_credit(seller, "5.00").created_by != owner_of(seller)
