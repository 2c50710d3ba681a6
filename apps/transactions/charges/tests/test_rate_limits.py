"""Limits of each seller: off by default, told in headers, replaced by a limit of its own, and shared by all workers."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from apps.accounts.models import Seller, User
from apps.core.limits.rate_limits import local_counts
from apps.testing.api import Answer, Caller, assert_problem
from apps.testing.factories import log_in, owner_of
from apps.testing.invariants import CHARGE_QUERIES, nothing_changes
from apps.transactions.charges.throttles import own_limits

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_counts() -> None:
    local_counts.clear()
    own_limits.forget()


@pytest.fixture
def two_charges(settings: Settings) -> None:
    """The platform allows two charges a minute."""
    settings.RATE_LIMIT_CHARGES_PER_MINUTE = 2


def _limits(answer: Answer) -> tuple[str | None, str | None]:
    return answer.headers.get("RateLimit-Policy"), answer.headers.get("RateLimit")


def test_by_default_there_is_no_limit_and_nothing_is_asked(
    owner: Caller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    owner.charge("0.01")  # what is found once
    own_limits.forget()
    with django_assert_num_queries(CHARGE_QUERIES):
        answer = owner.charge("0.01")

    assert _limits(answer) == (None, None)
    assert _limits(owner.get("sellers/me/")) == (None, None)


def test_the_charge_that_is_too_many_is_refused_and_told_when_to_come_back(two_charges: None, owner: Caller) -> None:
    first, second = owner.charge("0.01"), owner.charge("0.01")
    with nothing_changes():
        third = owner.charge("0.01")

    assert (first.status, second.status) == (201, 201)
    assert _limits(first) == ('"charges";q=2;w=60', '"charges";r=1;t=60')
    assert (_limits(second)[1] or "").startswith('"charges";r=0;t=')
    assert_problem(third, 429, "throttled")
    assert (_limits(third)[1] or "").startswith('"charges";r=0;t=')
    assert 0 < int(third.headers["Retry-After"]) <= 60


def test_a_batch_counts_and_another_seller_does_not(two_charges: None, owner: Caller, other_seller: Seller) -> None:
    batch = {"charges": [{"phone_number": "+989123456789", "amount": "0.01"}]}

    assert [owner.post("charges/bulk/", batch).status for _ in range(3)] == [200, 200, 429]
    assert log_in(owner_of(other_seller)).charge("0.01").status == 201


@pytest.mark.parametrize(("own", "statuses"), [(1, [201, 429, 429]), (0, [201] * 3), (None, [201, 201, 429])])
def test_a_sellers_own_limit_replaces_the_platforms(
    two_charges: None, owner: Caller, seller: Seller, own: int | None, statuses: list[int]
) -> None:
    Seller.objects.filter(pk=seller.pk).update(charges_per_minute=own)

    assert [owner.charge("0.01").status for _ in range(3)] == statuses


def test_own_limits_are_not_asked_for_with_every_charge(
    two_charges: None, owner: Caller, seller: Seller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Seller.objects.filter(pk=seller.pk).update(charges_per_minute=100)
    owner.charge("0.01")

    with django_assert_num_queries(0):
        assert own_limits.get(seller.pk, 2) == 100


@pytest.mark.parametrize(("own", "statuses"), [(None, [200, 200, 429]), (1, [200, 429, 429]), (0, [200] * 3)])
def test_other_requests_have_a_limit_too(
    settings: Settings, owner: Caller, admin: Caller, seller: Seller, own: int | None, statuses: list[int]
) -> None:
    settings.RATE_LIMIT_REQUESTS_PER_MINUTE = 2
    Seller.objects.filter(pk=seller.pk).update(requests_per_minute=own)

    answers = [owner.get("transactions/") for _ in range(3)]

    assert [answer.status for answer in answers] == statuses
    assert (_limits(answers[0])[0] or '"requests"').startswith('"requests"')
    assert owner.charge("0.01").status == 201
    assert admin.get("transactions/").status == 200


def test_an_admin_sets_them_in_the_back_office_and_the_api_does_not_show_them(
    client: Client, owner: Caller, admin: Caller, seller: Seller
) -> None:
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", "x"))
    form = {"company_name": "C", "email": "c@example.com", "charges_per_minute": "7", "requests_per_minute": ""}

    answer = client.post(f"/admin/accounts/seller/{seller.pk}/change/", form)

    assert answer.status_code == 302
    seller.refresh_from_db()
    assert (seller.charges_per_minute, seller.requests_per_minute) == (7, None)
    assert admin.patch(f"sellers/{seller.pk}/", {"charges_per_minute": 9}).status == 400
    seller.refresh_from_db()
    assert seller.charges_per_minute == 7
    assert "charges_per_minute" not in owner.get("sellers/me/").body
