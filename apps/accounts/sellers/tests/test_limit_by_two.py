"""A daily limit above the review amount is raised by two admins."""

from decimal import Decimal
from typing import Any

import pytest
from pytest_django import Settings

from apps.accounts.models import AuditEvent, Seller
from apps.testing.api import Answer, Caller, assert_problem
from apps.testing.back_office import desk
from apps.testing.factories import log_in, make_seller, make_staff
from apps.testing.invariants import nothing_changes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _limit(settings: Settings) -> None:
    settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT = Decimal("1000.00")


@pytest.fixture
def limited(db: None) -> Seller:
    return make_seller(daily_limit="900.00")


def change(admin: Caller, seller: Seller, **changes: Any) -> Answer:
    return admin.patch(f"sellers/{seller.pk}/", changes)


@pytest.mark.parametrize("limit", ["1000.01", None])
def test_a_raise_above_the_amount_is_proposed_then_made(admin: Caller, limited: Seller, limit: str | None) -> None:
    second = log_in(make_staff("admin"))
    with nothing_changes():
        proposed = change(admin, limited, daily_limit=limit, email="new@example.com")
        assert_problem(change(admin, limited, daily_limit=limit), 409, "second_approver_needed")
    assert (proposed.status, proposed.body["action"]) == (202, "change")
    assert proposed.body["terms"] == f"daily_limit: 900.00 -> {limit}"
    answer = change(second, limited, daily_limit=limit, email="new@example.com")
    assert (answer.status, answer.body["daily_limit"], answer.body["email"]) == (200, limit, "new@example.com")
    actions = AuditEvent.objects.filter(subject_id=str(limited.pk)).order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["propose", "change"]


def test_another_amount_is_another_proposal(admin: Caller, limited: Seller) -> None:
    second = log_in(make_staff("admin"))
    assert change(admin, limited, daily_limit="2000.00").status == 202
    with nothing_changes():
        assert change(second, limited, daily_limit="9000.00").status == 202
    assert change(second, limited, daily_limit="2000.00").status == 200


def test_small_steps_do_not_pass_the_amount(admin: Caller, limited: Seller) -> None:
    assert [change(admin, limited, daily_limit=limit).status for limit in ("950.00", "1000.00", "1000.01")] == [
        200, 200, 202,
    ]  # fmt: skip


@pytest.mark.parametrize("limit", ["100.00", "5000.00"])
def test_a_lower_limit_needs_one(admin: Caller, limit: str) -> None:
    for before in ("9000.00", None):
        assert change(admin, make_seller(daily_limit=before), daily_limit=limit).status == 200


def test_other_changes_need_one(admin: Caller) -> None:
    seller = make_seller(daily_limit="9000.00")
    assert change(admin, seller, email="other@example.com", daily_limit="9000.00").status == 200


def test_the_console_proposes_and_confirms(limited: Seller) -> None:
    form = {"company_name": limited.company_name, "email": limited.email, "phone_number": "", "daily_limit": "5000.00"}
    first, second = desk("admin"), desk("admin")
    first.post("accounts_seller_change", limited.pk, data=form)
    assert [message for message in first.messages() if "another user must take the same step" in message]
    assert Seller.objects.get(pk=limited.pk).daily_limit == 900
    second.post("accounts_seller_change", limited.pk, data=form)
    assert Seller.objects.get(pk=limited.pk).daily_limit == 5000
