"""The security log: logins, refusals and changes of rights, without secrets."""

import logging
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from prometheus_client import REGISTRY

from apps.accounts.models import AuditAction, AuditEvent, User

PASSWORD = "correct horse battery staple"


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_superuser("root-user", "root@example.com", PASSWORD)


def told(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    records = [record for record in caplog.records if record.name == "sharj.security" and record.message == event]
    return [record.__dict__["fields"] for record in records]


@pytest.fixture(autouse=True)
def _listening(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def logins(outcome: str) -> float:
    return REGISTRY.get_sample_value("sharj_logins_total", {"outcome": outcome}) or 0.0


def log_in(client: Client, username: str, password: str, door: str = "admin") -> int:
    body = {"username": username, "password": password}
    return client.post(f"/api/v1/auth/{door}/login/", body, content_type="application/json").status_code


@pytest.mark.django_db(transaction=True)  # a success is told once it is committed
def test_logins_are_told(client: Client, admin: User, caplog: pytest.LogCaptureFixture) -> None:
    assert log_in(client, admin.username, PASSWORD) == 200
    assert told(caplog, "login_succeeded")[0]["user"] == admin.pk
    assert log_in(client, admin.username, "wrong-password-1") == 401
    assert told(caplog, "login_failed")[0]["username"] == admin.username
    assert log_in(client, admin.username, PASSWORD, door="seller") == 401
    assert told(caplog, "login_failed")[1]["wrong_door"] == "seller"
    assert PASSWORD not in caplog.text
    assert "wrong-password-1" not in caplog.text


def test_what_was_typed_for_a_name_is_told_only_if_it_is_one(
    client: Client, admin: User, caplog: pytest.LogCaptureFixture
) -> None:
    log_in(client, PASSWORD, PASSWORD)
    assert told(caplog, "login_failed")[0]["username"] == "[unknown]"
    assert PASSWORD not in str([record.__dict__ for record in caplog.records])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("door", ["api", "back office"])
def test_each_login_event_is_written_once_at_every_door(
    client: Client, admin: User, caplog: pytest.LogCaptureFixture, door: str
) -> None:
    before = {outcome: logins(outcome) for outcome in ("succeeded", "failed")}
    form = {"username": admin.username, "password": PASSWORD}
    if door == "api":
        log_in(client, admin.username, "wrong-password-1")
        pair = client.post("/api/v1/auth/admin/login/", form, content_type="application/json").json()
        client.post("/api/v1/auth/logout/", {"refresh": pair["refresh"]}, content_type="application/json")
    else:
        client.post("/admin/login/", {**form, "password": "wrong-password-1"})
        assert client.post("/admin/login/", form).status_code == 302
        client.post("/admin/logout/")

    for event in ("login_failed", "login_succeeded", "logout"):
        [fields] = told(caplog, event)
        assert (fields["user"], fields["client"]) == (admin.pk, "127.0.0.1")
    assert {outcome: logins(outcome) - count for outcome, count in before.items()} == {"succeeded": 1, "failed": 1}
    assert list(AuditEvent.objects.order_by("pk").values_list("action", "actor")) == [
        (AuditAction.LOG_IN_REFUSED, None),
        (AuditAction.LOG_IN, admin.pk),
        (AuditAction.LOG_OUT, admin.pk),
    ]


def test_changes_of_rights_are_told(admin: User, caplog: pytest.LogCaptureFixture) -> None:
    admin.is_superuser = False
    admin.save()
    admin.groups.add(Group.objects.get(name="auditor"))
    admin.set_password("another " + PASSWORD)
    admin.save()
    changes = told(caplog, "user_changed")
    assert [change["changed"] for change in changes] == ["is_superuser", "password"]
    assert (changes[0]["before"], changes[0]["after"]) == (True, False)
    assert told(caplog, "roles_changed")[0]["groups"] == ["auditor"]
    assert "argon2" not in str([record.__dict__ for record in caplog.records])


def test_a_refusal_by_role_is_told(client: Client, db: None, caplog: pytest.LogCaptureFixture) -> None:
    user = User.objects.create_user("support-user", "support@example.com", PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name="support"))
    body = {"username": user.username, "password": PASSWORD}
    token = client.post("/api/v1/auth/admin/login/", body, content_type="application/json").json()["access"]
    assert client.get("/api/v1/reconciliation/", headers={"Authorization": f"Bearer {token}"}).status_code == 403
    [refusal] = told(caplog, "access_refused")
    assert (refusal["user"], refusal["route"]) == (user.pk, "api/v1/reconciliation/")
    assert token not in str([record.__dict__ for record in caplog.records])
