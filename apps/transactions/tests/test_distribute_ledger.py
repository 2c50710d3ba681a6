"""manage.py distribute_ledger on a PostgreSQL without Citus; on a cluster it is tested by `make citus-test`."""

import pytest
from django.core.management import CommandError, call_command

from apps.core.database.citus.layout import functions, tables
from apps.testing import citus


@pytest.mark.skipif(citus.is_wanted(), reason="a PostgreSQL without Citus")
@pytest.mark.django_db
@pytest.mark.parametrize("check", [False, True])
def test_without_citus_it_says_what_is_missing(check: bool) -> None:
    with pytest.raises(CommandError, match="This database has no Citus"):
        call_command("distribute_ledger", check=check)


def test_tables_of_a_seller_begin_with_the_wallet_that_the_others_are_colocated_with() -> None:
    assert tables("seller")[0] == "transactions_wallet"
    assert tables("every node") == ["accounts_seller", "accounts_user", "accounts_session"]


@pytest.mark.django_db
def test_functions_of_nodes_exist_under_one_signature_and_name_the_seller_first() -> None:
    from django.db import connection

    found = list(functions())
    assert found
    with connection.cursor() as cursor:
        for function in found:
            cursor.execute("SELECT proargtypes[0]::regtype::text FROM pg_proc WHERE proname = %s", [function.name])
            [[first]] = cursor.fetchall()
            assert function.role != "seller" or first == "uuid"
