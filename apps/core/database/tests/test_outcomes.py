"""Answers of Citus that one PostgreSQL can be made to give: a COMMIT that is left open, and constraints of shards."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import IntegrityError

from apps.accounts.models import Seller
from apps.accounts.sellers.services import duplicates_named
from apps.core.database.errors import constraint_of
from apps.core.errors import InvalidInput
from apps.testing.api import assert_problem
from apps.testing.constraints import database_as
from apps.testing.factories import log_in, make_seller, owner_of
from apps.testing.invariants import assert_ledger_consistent, nothing_changes

pytestmark = pytest.mark.django_db(transaction=True)

ANSWER_AT_COMMIT = """
CREATE FUNCTION answer_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'could not commit transaction for shard 102008' USING ERRCODE = '{code}';
END $$;
CREATE CONSTRAINT TRIGGER answer_at_commit AFTER INSERT ON transactions_ledgerentry
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION answer_at_commit();
"""


@contextmanager
def commit_answers(code: str) -> Iterator[None]:
    """Let the commit of a new entry end with an SQLSTATE, while the connection stays open."""
    with database_as("owner") as cursor:
        cursor.execute(ANSWER_AT_COMMIT.format(code=code))
    try:
        yield
    finally:
        with database_as("owner") as cursor:
            cursor.execute(
                "DROP TRIGGER answer_at_commit ON transactions_ledgerentry; DROP FUNCTION answer_at_commit()"
            )


@pytest.mark.parametrize(("code", "problem"), [("XX000", "outcome_unknown"), ("57014", "temporarily_unavailable")])
def test_a_commit_that_citus_leaves_open_has_an_unknown_outcome(code: str, problem: str) -> None:
    caller = log_in(owner_of(make_seller(balance="10.00")))

    with commit_answers(code), nothing_changes():
        assert_problem(caller.charge(key="k"), 503, problem)

    again = caller.charge(key="k")
    assert (again.status, again.headers.get("Idempotent-Replayed")) == (201, None)
    assert_ledger_consistent()


@contextmanager
def renamed(index: str, name: str) -> Iterator[None]:
    with database_as("owner") as cursor:
        cursor.execute(f"ALTER INDEX {index} RENAME TO {name}")
    try:
        yield
    finally:
        with database_as("owner") as cursor:
            cursor.execute(f"ALTER INDEX {name} RENAME TO {index}")


def test_a_duplicate_that_a_shard_refuses_is_named_by_its_field() -> None:
    seller = make_seller()

    with (
        renamed("seller_email_unique", "seller_email_unique_102008"),
        pytest.raises(InvalidInput) as refusal,
        duplicates_named(),
    ):
        Seller.objects.create(company_name="other", email=seller.email.upper())

    assert refusal.value.field == "email"


class RemoteError(Exception):
    """An error as psycopg2 has it that another node made: the name of the constraint stands in its text only."""

    class diag:
        constraint_name = None
        message_primary = 'duplicate key value violates unique constraint "user_email_unique_102009"'


def test_the_constraint_of_another_nodes_error_is_read_from_its_text() -> None:
    error = IntegrityError()
    error.__cause__ = RemoteError()

    assert constraint_of(error) == "user_email_unique"
    assert constraint_of(IntegrityError()) == ""
