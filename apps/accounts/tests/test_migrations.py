"""What migrations make of rows that are older than the rules."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from apps.accounts.models import AuditAction, AuditEvent, Seller, User
from apps.accounts.roles import SellerRole
from apps.testing.constraints import database_as
from apps.testing.factories import log_in, make_seller, make_staff, make_user, owner_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cursor(db: None) -> Iterator[Any]:
    """A transaction of the owner, taken back at the end."""
    with database_as("owner") as statement:
        yield statement
        statement.connection.rollback()


def ask(cursor: Any, question: str, *values: object) -> list[tuple[Any, ...]]:
    cursor.execute(question, values)
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def test_names_are_cleaned_and_stay_unique(request: pytest.FixtureRequest) -> None:
    seller = make_seller()
    users = [make_user(seller, SellerRole.VIEWER) for _ in range(5)]
    names = ["mehr", "\uff4dehr", "saba\u200b", "\uff33aba", "\u3164"]
    cursor = request.getfixturevalue("cursor")
    for table, constraint in [
        ("seller", "seller_company_name_visible"), ("user", "user_names_visible"), ("user", "user_username_normalized"),
    ]:  # fmt: skip
        cursor.execute(f"ALTER TABLE accounts_{table} DROP CONSTRAINT {constraint}")
    for user, name in zip(users, names, strict=True):
        cursor.execute(
            "UPDATE accounts_user SET username = %s, first_name = %s WHERE id = %s", [name, "a\u202eb", user.pk]
        )
    cursor.execute("UPDATE accounts_seller SET company_name = %s", ["\u200b\u3164"])

    cursor.execute(import_module("apps.accounts.migrations.0010_names").CLEAN)

    ends = [str(user.pk)[-8:] for user in users]
    question = "SELECT username, first_name FROM accounts_user WHERE id = ANY(%s::uuid[]) ORDER BY id"
    assert ask(cursor, question, [str(user.pk) for user in users]) == [
        ("mehr", "ab"), (f"mehr-{ends[1]}", "ab"), ("saba", "ab"), (f"Saba-{ends[3]}", "ab"), (f"-{ends[4]}", "ab"),
    ]  # fmt: skip
    assert ask(cursor, "SELECT company_name FROM accounts_seller") == [(f"Company {str(seller.pk)[-8:]}",)]


def test_known_addresses_and_deactivations_are_taken_over(request: pytest.FixtureRequest) -> None:
    seller = make_seller()
    owner, staff = owner_of(seller), make_staff("admin")
    by_owner, by_staff, unknown = (make_user(seller, SellerRole.VIEWER) for _ in range(3))
    for actor, user, action, detail in [
        (staff, by_owner, AuditAction.CHANGE, "is_active: True -> "),
        (owner, by_owner, AuditAction.DEACTIVATE, "is_active: True -> False"),
        (owner, by_staff, AuditAction.DEACTIVATE, "is_active: True -> False"),
        (staff, by_staff, AuditAction.CHANGE, "is_active: True -> "),
    ]:
        AuditEvent.objects.create(
            actor=actor, subject="accounts.user", subject_id=str(user.pk), action=action, detail=detail, request_id="-"
        )
    for address in ("203.0.113.7", "2001:db8::7"):
        AuditEvent.objects.create(actor=staff, address=address, action=AuditAction.LOG_IN, request_id="-")
    User.objects.filter(pk__in=[by_owner.pk, by_staff.pk, unknown.pk]).update(is_active=False)
    log_in(owner)
    cursor = request.getfixturevalue("cursor")
    cursor.execute("UPDATE accounts_session SET network = %s WHERE user_id = %s", ["198.51.100.1", owner.pk])

    cursor.execute(import_module("apps.accounts.migrations.0009_doors").COPY)

    assert ask(cursor, "SELECT user_id::text, network FROM accounts_loginorigin ORDER BY network") == [
        (str(owner.pk), "198.51.100.1"), (str(staff.pk), "2001:db8::/64"), (str(staff.pk), "203.0.113.7"),
    ]  # fmt: skip
    assert ask(cursor, "SELECT id::text FROM accounts_user WHERE deactivated_by_owner") == [(str(by_owner.pk),)]
    assert Seller.objects.count() == 1
