"""Refused logins at the doors of staff: counted by window, with a line for the first and a line for the sum."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import AuditEvent, RefusedLogins, User
from apps.accounts.sessions import refused_logins
from apps.testing.factories import make_seller, make_staff, owner_of
from apps.testing.races import race

PASSWORD = "correct horse battery staple"
NOON = datetime(2026, 3, 1, 12, 1, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The moment that windows go by, which a test may move; no limit refuses an attempt before it is counted."""
    settings.LOGIN_FAILURES_PER_ACCOUNT = settings.LOGIN_FAILURES_PER_ACCOUNT_EVERYWHERE = 0
    settings.LOGINS_PER_MINUTE = 0
    moment = [NOON]
    monkeypatch.setattr(timezone, "now", lambda: moment[0])
    return moment


def refuse(username: str, path: str = "/api/v1/auth/admin/login/") -> None:
    body = {"username": username, "password": "wrong"}
    assert Client().post(path, body, content_type="application/json").status_code == 401


def lines() -> list[tuple[str, str]]:
    return list(AuditEvent.objects.order_by("pk").values_list("subject_name", "detail"))


@pytest.mark.django_db(transaction=True)
def test_500_refusals_of_unknown_names_are_two_lines_and_the_count_is_right(clock: list[datetime]) -> None:
    for number in range(499):
        refuse(f"unknown-{number}")
    Client().post("/admin/login/", {"username": "unknown", "password": "wrong"})
    assert lines() == [("", "")]

    clock[0] += timedelta(minutes=15)
    refuse("unknown")

    assert lines() == [("", ""), ("", ""), ("", "500 times from 2026-03-01 12:00 to 12:15 UTC")]
    assert AuditEvent.objects.latest("pk").address is None, "the caller of the next window is not the one of the sum"
    assert RefusedLogins.objects.count() == 1


def test_each_member_of_staff_has_a_count_and_sellers_share_that_of_strangers(clock: list[datetime]) -> None:
    staff, other = make_staff("admin"), make_staff("admin")
    for name in [staff.username, other.username, staff.username, owner_of(make_seller()).username, "unknown"]:
        refuse(name)
    clock[0] += timedelta(hours=1)
    refused_logins.report_past_windows()

    assert lines()[:3] == [(staff.username, ""), (other.username, ""), ("", "")]
    period = "from 2026-03-01 12:00 to 12:15 UTC"
    assert sorted(lines()[3:]) == [("", f"2 times {period}"), (staff.username, f"2 times {period}")]


@pytest.mark.django_db(transaction=True)
def test_a_login_of_staff_reports_the_windows_that_are_over(clock: list[datetime]) -> None:
    staff = User.objects.create_superuser("root-user", password=PASSWORD)
    refuse("unknown")
    refuse("unknown")
    clock[0] += timedelta(hours=1)
    Client().post("/admin/login/", {"username": staff.username, "password": PASSWORD})

    assert lines()[-1] == ("", "2 times from 2026-03-01 12:00 to 12:15 UTC")


def test_a_refusal_at_the_sellers_door_is_not_in_the_trail() -> None:
    refuse("unknown", "/api/v1/auth/seller/login/")
    assert not lines()
    assert not RefusedLogins.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_parallel_refusals_are_all_counted_and_have_one_first() -> None:
    def refuse_ten() -> None:
        for _ in range(10):
            refused_logins.count_one(None)

    race(*[refuse_ten] * 6)

    assert sum(RefusedLogins.objects.values_list("times", flat=True)) == 60
    assert lines() == [("", "")]


@pytest.mark.django_db(transaction=True)
def test_of_two_first_refusals_one_is_a_line_even_while_it_is_not_committed() -> None:
    with transaction.atomic():
        refused_logins.count_one(None)
        race(partial(refused_logins.count_one, None))

    assert RefusedLogins.objects.count() == 2
    assert lines() == [("", "")]


@pytest.mark.django_db(transaction=True)
def test_parallel_reports_make_one_line(clock: list[datetime]) -> None:
    for _ in range(7):
        refused_logins.count_one(None)
    clock[0] += timedelta(hours=1)
    race(*[refused_logins.report_past_windows] * 4)

    assert [detail[:7] for _, detail in lines()] == ["", "7 times"]


@pytest.mark.django_db(transaction=True)
def test_a_count_that_is_locked_is_not_waited_for(clock: list[datetime]) -> None:
    """Waiting would end in the lock timeout of the role, which is an error."""
    refused_logins.count_one(None)
    with transaction.atomic():
        RefusedLogins.objects.select_for_update().get()
        race(partial(refused_logins.count_one, None))
        clock[0] += timedelta(hours=1)
        race(refused_logins.report_past_windows)
        assert [detail for _, detail in lines()] == [""]

    refused_logins.report_past_windows()
    assert [detail[:7] for _, detail in lines()] == ["", "2 times"]
