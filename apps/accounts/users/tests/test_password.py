"""POST auth/password/: users change their own password."""

import pytest
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import AuditAction, AuditEvent, Seller, Session, User
from apps.core.limits.rate_limits import local_counts
from apps.testing.api import Caller, assert_invalid, assert_problem
from apps.testing.factories import log_in, make_staff, owner_of
from apps.testing.invariants import nothing_changes

OLD, NEW = "pale-otter-91-lamp", "deep-finch-64-gate"
BODY = {"current_password": OLD, "new_password": NEW}
WRONG = {"current_password": "wrong", "new_password": NEW}


@pytest.fixture
def user(seller: Seller) -> User:
    """The owner of `seller`, with a password."""
    local_counts.clear()
    made = owner_of(seller)
    made.set_password(OLD)
    made.save()
    return made


@pytest.fixture
def me(user: User) -> Caller:
    """The session that changes the password."""
    return log_in(user)


def test_a_new_password_ends_all_other_sessions(user: User, me: Caller) -> None:
    other = log_in(user)

    assert me.post("auth/password/", BODY).status == 204

    assert_problem(other.get("auth/me/"), 401, "invalid_token")
    assert_problem(other.post("auth/refresh/", {"refresh": other.refresh}), 401, "invalid_token")
    assert me.get("auth/me/").status == 200
    assert me.post("auth/refresh/", {"refresh": me.refresh}).status == 200
    logins = [Caller().post("auth/seller/login/", {"username": user.username, "password": each}) for each in (OLD, NEW)]
    assert [login.status for login in logins] == [401, 200]


def test_a_new_password_ends_the_back_office_of_other_browsers(db: None) -> None:
    staff = User.objects.create_superuser("boss", password=OLD)
    browser = Client()
    browser.force_login(staff)

    assert log_in(staff).post("auth/password/", BODY).status == 204
    assert browser.get("/admin/").status_code == 302


def test_the_change_is_in_the_trail_without_the_passwords(user: User, me: Caller) -> None:
    me.post("auth/password/", BODY)

    line = AuditEvent.objects.latest("pk")
    assert (line.action, line.actor, line.subject_id) == (AuditAction.SET_PASSWORD, user, str(user.pk))
    assert OLD not in str(vars(line))
    assert NEW not in str(vars(line))


def test_a_wrong_current_password_is_named(user: User, me: Caller) -> None:
    with nothing_changes():
        answer = me.post("auth/password/", WRONG)

    assert_invalid(answer, "current_password")
    assert answer.codes == {("current_password", "wrong_password")}


def test_a_user_without_a_password_has_none_to_change(db: None) -> None:
    staff = log_in(make_staff("admin"))

    with nothing_changes():
        assert_invalid(staff.post("auth/password/", BODY), "current_password")


def test_a_weak_new_password_is_named(user: User, me: Caller) -> None:
    with nothing_changes():
        for weak in ("12345678", "password", user.username, ""):
            assert_invalid(me.post("auth/password/", {**BODY, "new_password": weak}), "new_password")


def test_a_stolen_access_token_does_not_guess_without_limit(user: User, me: Caller, settings: Settings) -> None:
    settings.LOGIN_FAILURES_PER_ACCOUNT = 3

    with nothing_changes():
        assert [me.post("auth/password/", WRONG).status for _ in range(4)] == [400, 400, 400, 429]
        assert_problem(me.post("auth/password/", BODY), 429, "throttled")
    login = {"username": user.username, "password": OLD}
    assert Caller().post("auth/seller/login/", login).status == 429, "the guesses count with those at the login"


def test_weak_passwords_do_not_count_as_guesses(user: User, me: Caller, settings: Settings) -> None:
    settings.LOGIN_FAILURES_PER_ACCOUNT = 3
    weak = {**BODY, "new_password": "1234"}

    assert [me.post("auth/password/", weak).status for _ in range(6)] == [400] * 6


def test_guesses_at_the_password_of_staff_are_in_the_trail(db: None) -> None:
    staff = User.objects.create_superuser("boss", password=OLD)
    log_in(staff).post("auth/password/", WRONG)

    [line] = AuditEvent.objects.all()
    assert (line.action, line.subject_name) == (AuditAction.LOG_IN_REFUSED, "boss")


def test_a_password_that_changed_in_between_is_not_the_current_one(
    user: User, me: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two changes that began with one password: the first to commit wins."""

    def change_meanwhile(password: str, encoded: str) -> bool:
        User.objects.filter(pk=user.pk).update(password="changed")
        return True

    monkeypatch.setattr("apps.accounts.users.services.check_password", change_meanwhile)

    assert_invalid(me.post("auth/password/", BODY), "current_password")
    assert User.objects.get(pk=user.pk).password == "changed"


def test_logout_everywhere_ends_every_session_of_the_user_and_no_other(user: User, me: Caller, admin: Caller) -> None:
    other = log_in(user)

    assert me.post("auth/logout-everywhere/").status == 204

    for caller in (me, other):
        assert_problem(caller.get("auth/me/"), 401, "invalid_token")
        assert_problem(caller.charge(), 401, "invalid_token")
        assert_problem(caller.post("auth/refresh/", {"refresh": caller.refresh}), 401, "invalid_token")
    assert admin.get("auth/me/").status == 200
    assert not Session.objects.filter(user=user, revoked_at=None).exists()


def test_logout_everywhere_of_staff_is_in_the_trail(admin: Caller) -> None:
    admin.post("auth/logout-everywhere/")

    [line] = AuditEvent.objects.all()
    assert (line.action, line.detail) == (AuditAction.LOG_OUT, "all sessions")
