"""What PostgreSQL refuses in the outbox, by raw SQL as the application's own role."""

import psycopg2
import pytest
from django.db import connection

from apps.core.database.logins import database_login
from apps.core.database.roles import open_database
from apps.outbox.models import Event
from apps.testing.factories import add_credit, make_seller

pytestmark = pytest.mark.django_db(transaction=True)

COLUMNS = "(id, type, seller_id, sequence, timestamp, data)"
FORGED = [
    f"INSERT INTO outbox_event {COLUMNS} SELECT gen_random_uuid(), type, seller_id, 2, now(), data FROM outbox_event",
    "UPDATE outbox_event SET data = '[]'",
    "DELETE FROM outbox_event",
    "TRUNCATE outbox_event",
    "DROP TABLE outbox_event",
    "ALTER TABLE outbox_event DETACH PARTITION outbox_event_default",
    "DELETE FROM outbox_event_default",
    "UPDATE {today} SET data = '[]'",
    "DELETE FROM {today}",
    f"INSERT INTO {{today}} {COLUMNS} SELECT gen_random_uuid(), type, seller_id, 2, now(), data FROM outbox_event",
    "DROP TABLE {today}",
    "UPDATE outbox_eventhead SET sequence = 9",
    "INSERT INTO outbox_eventhead SELECT gen_random_uuid(), 1, now()",
    "DELETE FROM outbox_eventhead",
    "CREATE OR REPLACE FUNCTION outbox_record(uuid, text, jsonb) RETURNS outbox_event LANGUAGE sql AS 'SELECT NULL'",
]


@pytest.mark.parametrize("sql", FORGED)
def test_the_application_may_not(sql: str) -> None:
    add_credit(make_seller(), "5.00")
    before = list(Event.objects.values())
    today = f"outbox_event_{before[0]['timestamp']:%Y%m%d}"
    login = database_login("app", connection.settings_dict["NAME"])
    with (
        open_database(login) as database,
        database.cursor() as statement,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        statement.execute(sql.format(today=today))

    assert list(Event.objects.values()) == before


@pytest.mark.parametrize(
    ("event_type", "data", "constraint"),
    [("sold", "{}", "event_type_form"), ("seller.verified", "[]", "event_data_is_object")],
)
def test_an_event_without_form_is_refused(event_type: str, data: str, constraint: str) -> None:
    login = database_login("app", connection.settings_dict["NAME"])
    with (
        open_database(login) as database,
        database.cursor() as statement,
        pytest.raises(psycopg2.errors.CheckViolation, match=constraint),
    ):
        statement.execute("SELECT outbox_record(%s, %s, %s)", [str(make_seller().pk), event_type, data])
