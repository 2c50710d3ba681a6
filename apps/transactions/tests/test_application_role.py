"""Limits of the application's database role, by raw SQL: its password alone cannot rewrite the ledger."""

import psycopg2
import pytest
from django.db import connection

from apps.core.database.logins import database_login, is_embedded
from apps.core.database.roles import open_database
from apps.testing.factories import NEVER, make_seller, sell
from apps.testing.invariants import nothing_changes

pytestmark = pytest.mark.django_db(transaction=True)

LEDGER, WALLET, REQUEST = "transactions_ledgerentry", "transactions_wallet", "credit_requests_creditrequest"
REFUSED = [
    f"UPDATE {LEDGER} SET amount = 9",
    f"UPDATE {LEDGER} SET description = '' WHERE false",
    f"DELETE FROM {LEDGER}",
    f"TRUNCATE {LEDGER}, {REQUEST}",
    f"SELECT FROM {LEDGER} WHERE seller_id = '{NEVER}' FOR UPDATE",
    f"ALTER TABLE {LEDGER} DISABLE TRIGGER ALL",
    f"ALTER TABLE {LEDGER} DISABLE TRIGGER ledger_is_append_only",
    f"ALTER TABLE {LEDGER} DROP CONSTRAINT entry_amount_positive",
    f"ALTER TABLE {LEDGER} OWNER TO CURRENT_USER",
    f"DROP TRIGGER ledger_is_append_only ON {LEDGER}",
    f"DROP TABLE {LEDGER} CASCADE",
    f"CREATE TRIGGER mine BEFORE INSERT ON {LEDGER} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    f"CREATE RULE mine AS ON INSERT TO {LEDGER} DO INSTEAD NOTHING",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "ALTER FUNCTION ledger_extend_chain() OWNER TO CURRENT_USER",
    "SET session_replication_role = replica",
    "SET ROLE {owner}",
    "SET SESSION AUTHORIZATION {owner}",
    "CREATE TABLE public.mine (id int)",
    "CREATE TEMPORARY TABLE mine (id int)",
    "CREATE VIEW public.mine AS SELECT 1",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    f"INSERT INTO {WALLET} (seller_id, balance, sequence, spent_today) VALUES (gen_random_uuid(), 0, 0, 0)",
    f"DELETE FROM {WALLET}",
    f"TRUNCATE {WALLET}",
    f"DELETE FROM {REQUEST}",
]
LARGE_OBJECTS = [
    "SELECT lo_create(0)",
    "SELECT lo_creat(-1)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_open(1, 131072)",
    "SELECT lo_put(1, 0, 'x')",
    "SELECT lo_get(1)",
    "SELECT lowrite(0, 'x')",
    "SELECT loread(0, 1)",
    "SELECT lo_unlink(1)",
]
ELSEWHERE = ["CREATE TEMPORARY TABLE mine (id int)", "CREATE TABLE mine (id int)", "CREATE SCHEMA mine", *LARGE_OBJECTS]


@pytest.mark.parametrize("sql", REFUSED)
def test_it_may_not(sql: str) -> None:
    sell(make_seller(balance="100.00"))
    login = database_login("app", connection.settings_dict["NAME"])
    with (
        nothing_changes(),
        open_database(login) as database,
        database.cursor() as statement,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        statement.execute(sql.format(owner=database_login("owner")["USER"]))


@pytest.mark.skipif(not is_embedded(), reason="a server of our own, restricted by a superuser")
@pytest.mark.parametrize("database_name", ["", "postgres", "template1", "sharj"])
def test_it_may_not_leave_anything_in_any_database(database_name: str) -> None:
    login = database_login("app", database_name or connection.settings_dict["NAME"])
    with open_database(login) as database, database.cursor() as statement:
        for sql in ELSEWHERE:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                statement.execute(sql)


def test_what_it_may_do_to_each_table_is_what_the_models_say() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, string_agg(privilege_type, ', ' ORDER BY privilege_type) "
            "FROM information_schema.role_table_grants "
            "WHERE grantee = current_user AND table_name = ANY(%s) GROUP BY 1",
            [[LEDGER, WALLET, REQUEST, "accounts_seller"]],
        )
        assert dict(cursor.fetchall()) == {
            LEDGER: "INSERT, SELECT",
            WALLET: "SELECT, UPDATE",
            REQUEST: "INSERT, SELECT, UPDATE",
            "accounts_seller": "DELETE, INSERT, SELECT, UPDATE",
        }
