"""Guessing a password is limited by account and address; nobody else is locked out by it."""

import pytest
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import User
from apps.core.limits.rate_limits import Limit, LocalCounts, count, local_counts

PASSWORD = "correct horse battery staple"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _limits(settings: Settings) -> None:
    settings.LOGIN_FAILURES_PER_ACCOUNT = 3
    local_counts.clear()
    User.objects.create_superuser("root-user", "root@example.com", PASSWORD)


def log_in(client: Client, password: str, address: str = "127.0.0.1", username: str = "root-user") -> int:
    body = {"username": username, "password": password}
    path = "/api/v1/auth/admin/login/"
    return client.post(path, body, content_type="application/json", REMOTE_ADDR=address).status_code


def test_after_too_many_failures_even_the_right_password_waits(client: Client) -> None:
    assert [log_in(client, "wrong") for _ in range(4)] == [401, 401, 401, 429]
    assert log_in(client, PASSWORD, username="ROOT-user") == 429
    body = {"username": "root-user", "password": PASSWORD}
    answer = client.post("/api/v1/auth/admin/login/", body, content_type="application/json")
    assert answer.json()["code"] == "throttled"
    assert 0 < int(answer.headers["Retry-After"]) <= 900


def test_a_stranger_cannot_lock_the_owner_out(client: Client) -> None:
    assert [log_in(client, "wrong", "203.0.113.7") for _ in range(4)][-1] == 429
    assert log_in(client, PASSWORD, "198.51.100.1") == 200


def test_successes_do_not_count(client: Client) -> None:
    assert [log_in(client, PASSWORD) for _ in range(6)] == [200] * 6


def test_all_attempts_of_an_address_have_a_limit(client: Client, settings: Settings) -> None:
    settings.LOGINS_PER_MINUTE = 2
    assert [log_in(client, PASSWORD) for _ in range(3)] == [200, 200, 429]
    assert log_in(client, PASSWORD, "198.51.100.1") == 200


def test_without_redis_limits_are_those_of_the_process(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # nobody listens there
    limit = Limit(2, 60)
    assert [count("key", limit).exceeds(limit) for _ in range(3)] == [False, False, True]


def test_local_counts_do_not_grow_without_end() -> None:
    counts = LocalCounts()
    for number in range(25_000):
        counts.add(str(number), 1, 60)
    assert len(counts._counts) <= 20_000
