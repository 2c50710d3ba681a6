"""Registrations and refreshes that race."""

from collections import Counter
from functools import partial

import pytest

from apps.accounts.models import Seller, Session, User
from apps.testing.api import Caller, assert_invalid, assert_problem
from apps.testing.factories import log_in, make_seller, make_staff, owner_of
from apps.testing.races import race
from apps.transactions.models import Wallet

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "long enough, and odd"


def _registration(**changes: object) -> dict[str, object]:
    return {"username": "new", "password": PASSWORD, "email": "new@example.com", "company_name": "New", **changes}


@pytest.mark.parametrize(
    ("differs", "taken"),
    [("email", "username"), ("username", "email")],
)
def test_of_equal_registrations_one_succeeds_and_the_others_are_told_why(differs: str, taken: str) -> None:
    bodies = [_registration(**{differs: f"new{number}@example.com"}) for number in range(8)]

    answers = race(*[partial(Caller().post, "auth/seller/register/", body) for body in bodies])

    assert Counter(answer.status for answer in answers) == {201: 1, 400: 7}
    for answer in answers:
        if answer.status == 400:
            assert_invalid(answer, taken)
            assert answer.codes == {(taken, "unique")}
    assert (User.objects.count(), Seller.objects.count(), Wallet.objects.count()) == (1, 1, 1)


def test_names_that_differ_in_case_only_are_equal_registrations() -> None:
    names = ("new", "NEW", "New")
    bodies = [_registration(username=name, email=f"{number}@example.com") for number, name in enumerate(names)]

    answers = race(*[partial(Caller().post, "auth/seller/register/", body) for body in bodies])

    assert sorted(answer.status for answer in answers) == [201, 400, 400]
    assert User.objects.count() == 1


def test_of_many_uses_of_one_refresh_token_exactly_one_wins() -> None:
    caller = log_in(owner_of(make_seller()))

    answers = race(*[partial(Caller().post, "auth/refresh/", {"refresh": caller.refresh})] * 12)

    assert Counter(answer.status for answer in answers) == {200: 1, 401: 11}
    for answer in answers:
        if answer.status == 401:
            assert_problem(answer, 401, "invalid_token")
    assert Session.objects.count() == 1


def test_of_many_verifications_of_one_seller_exactly_one_wins() -> None:
    seller = make_seller(status=Seller.Status.PENDING)
    admin = log_in(make_staff("admin"))

    answers = race(*[partial(admin.post, f"sellers/{seller.pk}/verify/")] * 8)

    assert Counter(answer.status for answer in answers) == {200: 1, 409: 7}
    assert {answer.body.get("current_status") for answer in answers if answer.status == 409} == {"active"}


def test_a_suspension_that_races_with_sales_leaves_none_after_it() -> None:
    seller = make_seller(balance="100.00")
    owner, admin = log_in(owner_of(seller)), log_in(make_staff("admin"))

    def sell_until_refused() -> list[int]:
        return [owner.charge("1.00").status for _ in range(15)]

    [sold, suspended] = race(sell_until_refused, lambda: [admin.post(f"sellers/{seller.pk}/suspend/").status])

    assert suspended == [200]
    assert sold == sorted(sold)  # 201s, then only 403s
    assert owner.charge("1.00").status == 403
    assert Wallet.objects.get(pk=seller.pk).balance == 100 - sold.count(201)
