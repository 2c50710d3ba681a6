"""Guessing of passwords ends, locks no other user out, and no answer tells whether a name exists."""

from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.http import HttpRequest
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import User
from apps.accounts.sessions.throttles import client_network
from apps.core.limits.rate_limits import local_counts
from apps.testing.factories import make_seller

PASSWORD = "correct horse battery staple"
HOME, ELSEWHERE = "198.51.100.1", "198.51.100.2"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _limits(settings: Settings) -> None:
    settings.LOGIN_FAILURES_PER_ACCOUNT = 3
    settings.LOGIN_FAILURES_PER_ACCOUNT_EVERYWHERE = 5
    local_counts.clear()
    User.objects.create_superuser("root-user", "root@example.com", PASSWORD)


def log_in(client: Client, password: str, address: str = HOME, **headers: str) -> int:
    body = {"username": "root-user", "password": password}
    path = "/api/v1/auth/admin/login/"
    answer = client.post(path, body, content_type="application/json", REMOTE_ADDR=address, headers=headers)
    return answer.status_code


def test_after_too_many_failures_even_the_right_password_waits(client: Client) -> None:
    assert [log_in(client, "wrong") for _ in range(4)] == [401, 401, 401, 429]
    body = {"username": "ROOT-user", "password": PASSWORD}
    path = "/api/v1/auth/admin/login/"
    answer = client.post(path, body, content_type="application/json", REMOTE_ADDR=HOME)
    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert log_in(client, PASSWORD, ELSEWHERE) == 200


def test_successes_do_not_count(client: Client) -> None:
    assert [log_in(client, PASSWORD) for _ in range(6)] == [200] * 6


def test_all_attempts_of_an_address_have_a_limit(client: Client, settings: Settings) -> None:
    settings.LOGINS_PER_MINUTE = 2
    assert [log_in(client, PASSWORD) for _ in range(3)] == [200, 200, 429]
    assert log_in(client, PASSWORD, ELSEWHERE) == 200


def _guess_from_many_addresses(client: Client) -> list[int]:
    return [log_in(client, "wrong", f"203.0.113.{number}") for number in range(8)]


def test_guesses_from_many_addresses_come_to_an_end(client: Client) -> None:
    assert _guess_from_many_addresses(client) == [401] * 5 + [429] * 3
    assert log_in(client, PASSWORD, "203.0.113.99") == 429, "a right guess would show"


def test_guesses_from_many_addresses_do_not_lock_out_a_known_address(client: Client) -> None:
    assert log_in(client, PASSWORD, HOME) == 200
    _guess_from_many_addresses(client)

    assert log_in(client, PASSWORD, HOME) == 200
    assert log_in(client, PASSWORD, ELSEWHERE) == 429


def test_a_stranger_does_not_lock_staff_out_of_the_back_office(client: Client) -> None:
    """The address is known from logins to the back office alone, which open no session of the API."""

    def submit(password: str, address: str) -> bool:
        form = {"username": "root-user", "password": password}
        return Client().post("/admin/login/", form, REMOTE_ADDR=address).status_code == 302

    assert submit(PASSWORD, HOME)
    for number in range(1_000):
        log_in(client, "wrong", f"203.0.{number % 4}.{number // 4}")

    assert not submit(PASSWORD, ELSEWHERE)
    assert submit(PASSWORD, HOME)
    assert log_in(client, PASSWORD, HOME) == 200


def test_an_address_that_is_known_has_its_own_limit_still(client: Client) -> None:
    assert log_in(client, PASSWORD, HOME) == 200
    _guess_from_many_addresses(client)

    assert [log_in(client, "wrong", HOME) for _ in range(4)] == [401, 401, 401, 429]


def test_a_network_of_ipv6_counts_as_one_address(client: Client) -> None:
    assert [log_in(client, "wrong", f"2001:db8:1:2::{number}") for number in range(4)] == [401, 401, 401, 429]
    assert log_in(client, PASSWORD, "2001:db8:1:3::1") == 200


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("2001:db8::7", "2001:db8::/64"),
        ("", ""),
    ],
)
def test_the_network_of_an_address(address: str, network: str) -> None:
    request = HttpRequest()
    request.META["REMOTE_ADDR"] = address

    assert client_network(request) == network


def test_behind_our_proxy_the_clients_are_told_apart(client: Client) -> None:
    def through_proxy(password: str, address: str) -> int:
        return log_in(client, password, "127.0.0.1", **{"X-Forwarded-For": f"6.6.6.6, {address}"})

    assert [through_proxy("wrong", "203.0.113.7") for _ in range(4)][-1] == 429
    assert through_proxy(PASSWORD, HOME) == 200


def test_a_peer_that_is_not_our_proxy_cannot_pass_for_others(client: Client) -> None:
    def claims(number: int) -> int:
        return log_in(client, "wrong", "203.0.113.7", **{"X-Forwarded-For": f"198.51.100.{number}"})

    assert [claims(number) for number in range(4)] == [401, 401, 401, 429]


def test_the_form_of_the_back_office_has_the_same_limits(client: Client) -> None:
    def submit(password: str) -> str:
        return client.post("/admin/login/", {"username": "root-user", "password": password}).content.decode()

    assert all("Too many attempts" not in submit("wrong") for _ in range(3))
    assert "Too many attempts" in submit(PASSWORD)
    assert "_auth_user_id" not in client.session


def test_the_form_of_the_back_office_counts_as_a_login_of_its_address(client: Client, settings: Settings) -> None:
    settings.LOGINS_PER_MINUTE = 1
    form = {"username": "root-user", "password": PASSWORD}

    assert client.post("/admin/login/", form).status_code == 302
    assert log_in(client, PASSWORD, "127.0.0.1") == 429


def _hashings(client: Client, path: str, body: dict[str, str]) -> int:
    local_counts.clear()
    with patch.object(MD5PasswordHasher, "encode", autospec=True, side_effect=MD5PasswordHasher.encode) as encode:
        client.post(path, body, content_type="application/json")
    return encode.call_count


def test_every_failed_login_costs_the_same_work(client: Client) -> None:
    """Counted, not timed: the hashing of a password is what takes the time."""
    make_seller()  # whose owner has no password
    User.objects.create_user("gone", password=PASSWORD, is_active=False)
    no_password = User.objects.get(username__startswith="owner").username
    tries = [("unknown", "x"), ("root-user", "wrong"), ("gone", PASSWORD), (no_password, "x"), ("root-user", PASSWORD)]

    for door in ("seller", "admin"):
        path = f"/api/v1/auth/{door}/login/"
        counts = {name: _hashings(client, path, {"username": name, "password": tried}) for name, tried in tries}
        assert set(counts.values()) == {1}, (door, counts)


def test_a_registration_costs_the_same_work_whether_or_not_the_name_is_taken(client: Client) -> None:
    form = {"password": PASSWORD, "email": "new@example.com", "company_name": "New"}
    path = "/api/v1/auth/seller/register/"

    taken, free = (_hashings(client, path, {**form, "username": name}) for name in ("root-user", "new-name"))

    assert taken == free == 1


def test_registrations_of_one_address_have_a_limit_whether_or_not_they_succeed(
    client: Client, settings: Settings
) -> None:
    settings.REGISTRATIONS_PER_HOUR = 2

    def register(number: int, address: str) -> int:
        body = {
            "username": f"name{number}", "password": PASSWORD, "email": f"{number}@example.com", "company_name": "C",
        }  # fmt: skip
        path = "/api/v1/auth/seller/register/"
        return client.post(path, body, content_type="application/json", REMOTE_ADDR=address).status_code

    assert [register(number, HOME) for number in (1, 1, 2)] == [201, 400, 429]
    assert register(2, ELSEWHERE) == 201
