"""Hosts that health and metrics answer to while ALLOWED_HOSTS names only the public one."""

import pytest
from pytest_django import Settings

from apps.testing.api import Caller

METRICS = "/metrics"
HEALTH = ["/api/v1/health/live/", "/api/v1/health/ready/", "/api/v1/health/"]
ADDRESSES = ["127.0.0.1:8000", "172.31.250.7:8000", "[::1]:8000", "10.0.0.1"]


@pytest.fixture(autouse=True, params=["api.example.com", ".example.com"])
def _public_host_only(settings: Settings, request: pytest.FixtureRequest) -> None:
    settings.ALLOWED_HOSTS = [request.param]
    settings.DEBUG = False


@pytest.mark.django_db
@pytest.mark.parametrize("host", [*ADDRESSES, "api.example.com"])
@pytest.mark.parametrize("path", [*HEALTH, METRICS])
def test_probes_answer_to_the_addresses_of_a_container(anonymous: Caller, path: str, host: str) -> None:
    assert anonymous.get(path, Host=host).status == 200


@pytest.mark.parametrize("path", [*HEALTH, METRICS])
@pytest.mark.parametrize("host", ["evil.example.org", "127.0.0.1.evil.example.org", "localhost", "127.0.0.1:x", ""])
def test_probes_refuse_other_names(anonymous: Caller, path: str, host: str) -> None:
    assert anonymous.get(path, Host=host).status == 400


@pytest.mark.parametrize("path", ["/api/v1/auth/me/", "/admin/login/", "/swagger.json", "/api/v1/healthy/"])
@pytest.mark.parametrize("host", ADDRESSES)
def test_all_else_refuses_addresses(anonymous: Caller, path: str, host: str) -> None:
    assert anonymous.get(path, Host=host).status == 400
