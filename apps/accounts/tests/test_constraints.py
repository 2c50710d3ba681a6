"""Constraints of PostgreSQL on sellers and users."""

from typing import Any

import pytest

from apps.accounts.models import Seller, User
from apps.core.values.ids import uuid7
from apps.testing.constraints import columns_of, database_as, insert_row, refused_by
from apps.testing.factories import NEVER, make_seller, owner_of
from apps.transactions.models import Wallet

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def known() -> Seller:
    """A seller with its owner, with ordinary names."""
    return make_seller()


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"status": "closed"}, "seller_status_known"),
        ({"daily_limit": 0}, "seller_daily_limit_positive"),
        ({"daily_limit": -1}, "seller_daily_limit_positive"),
        ({"email": "KNOWN@example.com"}, "seller_email_unique"),
        ({"phone_number": "+98912345678٩"}, "seller_phone_number_e164"),
        ({"phone_number": "09123456789"}, "seller_phone_number_e164"),
        ({"phone_number": "+989123456789\n"}, "seller_phone_number_e164"),
    ],
    ids=str,
)
def test_a_seller_is_refused(known: Seller, changes: dict[str, Any], constraint: str) -> None:
    Seller.objects.update(email="known@example.com")
    row = columns_of(known, id=uuid7(), email="new@example.com") | changes

    with refused_by(constraint), database_as("app") as cursor:
        insert_row(cursor, Seller, row)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"username": "KNOWN"}, "user_username_unique"),
        (
            {"username": "known"},
            "accounts_user_username",
        ),
        ({"email": "Known@Example.com"}, "user_email_unique"),
        ({"seller_role": ""}, "user_seller_has_role"),
        ({"seller_role": "boss"}, "user_seller_has_role"),
        ({"seller_id": None}, "user_seller_has_role"),
        ({"deactivated_by_owner": True}, "user_deactivated_by_owner"),
        ({"seller_id": NEVER}, "accounts_user_seller_id"),
    ],
    ids=str,
)
def test_a_user_is_refused(known: Seller, changes: dict[str, Any], constraint: str) -> None:
    User.objects.update(username="known", email="known@example.com")
    row = columns_of(owner_of(known), id=uuid7(), username="new", email="new@example.com") | changes

    with refused_by(constraint, "user_username_unique"), database_as("app") as cursor:
        insert_row(cursor, User, row)


def test_a_seller_opens_its_wallet_even_if_made_by_sql(known: Seller) -> None:
    row = columns_of(known, id=uuid7(), email="new@example.com")
    with database_as("app") as cursor:
        insert_row(cursor, Seller, row)

    wallet = Wallet.objects.get(pk=row["id"])
    assert [wallet.balance, wallet.sequence, wallet.spent_today] == [0, 0, 0]
