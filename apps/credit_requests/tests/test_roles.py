"""Roles beyond the authorisation matrix (apps/testing/tests/test_authorisation_matrix.py)."""

import pytest

from apps.accounts.models import Seller, User
from apps.testing.api import Caller
from apps.testing.factories import log_in, make_staff
from apps.testing.invariants import nothing_changes


@pytest.mark.parametrize("role", ["viewer", "admin", "anonymous"])
def test_a_role_that_may_not_sell_is_told_that_before_its_input_is_judged(
    request: pytest.FixtureRequest, role: str
) -> None:
    caller: Caller = request.getfixturevalue(role)

    with nothing_changes():
        answer = caller.charge("nonsense", phone_number=17, key="a b")

    assert answer.status == (401 if role == "anonymous" else 403)


def test_a_superuser_is_an_admin(db: None, seller: Seller) -> None:
    root = log_in(User.objects.create(username="root", is_staff=True, is_superuser=True))

    assert root.get("auth/me/").body["roles"] == ["admin"]
    assert root.post(f"sellers/{seller.pk}/suspend/").status == 200


def test_groups_give_nothing_to_a_user_who_is_not_staff(db: None) -> None:
    user = make_staff("admin")
    user.is_staff = False
    user.save()

    assert log_in(user).get("sellers/").status == 403
