"""The partitions of events: made before their day, dropped after 30, and nothing waits for one that is missing."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection

from apps.accounts.models import Seller
from apps.core.database.logins import database_login
from apps.core.database.roles import open_database
from apps.core.observability.metrics import DatabaseGauges
from apps.core.values.ids import uuid7_at
from apps.outbox.models import Event
from apps.testing.api import Caller
from apps.testing.command_calls import run_command
from apps.testing.factories import make_seller, sell

pytestmark = pytest.mark.django_db(transaction=True)


def _as_owner(sql: str, *parameters: object) -> None:
    with open_database(database_login("owner", connection.settings_dict["NAME"])) as owner, owner.cursor() as statement:
        statement.execute(sql, parameters)


def _days() -> set[date]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'outbox_event'::regclass")
        names = {name.removeprefix("outbox_event_") for (name,) in cursor.fetchall()}
    return {datetime.strptime(name, "%Y%m%d").replace(tzinfo=UTC).date() for name in names - {"default"}}


def _today() -> date:
    return datetime.now(UTC).date()


def _make_day(day: date) -> None:
    _as_owner(
        f"CREATE TABLE outbox_event_{day:%Y%m%d} PARTITION OF outbox_event"
        " FOR VALUES FROM (outbox_day_start(%s)) TO (outbox_day_start(%s))",
        day, day + timedelta(1),
    )  # fmt: skip


def _write_at(moment: datetime) -> UUID:
    """Write an event of another day, as only the owner can."""
    event_id = uuid7_at(moment)
    _as_owner(
        "INSERT INTO outbox_event VALUES (%s, 'seller.verified', %s, 1, %s, '{}')",
        str(event_id), str(make_seller().pk), moment,
    )  # fmt: skip
    return event_id


@pytest.fixture
def _as_before() -> Iterator[None]:
    """Make the days again that a test has dropped."""
    yield
    run_command("rotate_events")


@pytest.mark.usefixtures("_as_before")
def test_it_makes_the_coming_week_and_drops_days_that_ended_thirty_days_ago() -> None:
    today = _today()
    kept, old = today - timedelta(30), today - timedelta(31)
    for day in (kept, old):
        _make_day(day)
    end = datetime.combine(old, datetime.max.time(), UTC)
    last_of_old, first_of_kept = _write_at(end), _write_at(end + timedelta(microseconds=1))
    _as_owner(f"DROP TABLE outbox_event_{today + timedelta(7):%Y%m%d}")

    run_command("rotate_events")

    assert _days() == {kept, *(today + timedelta(number) for number in range(8))}
    assert Event.objects.filter(pk=first_of_kept).exists()
    assert not Event.objects.filter(pk=last_of_old).exists()
    _as_owner(f"DROP TABLE outbox_event_{kept:%Y%m%d}")


@pytest.mark.usefixtures("_as_before")
def test_money_moves_without_a_partition_and_its_events_reach_their_day_later(owner: Caller, seller: Seller) -> None:
    for day in _days():
        _as_owner(f"DROP TABLE outbox_event_{day:%Y%m%d}")
    owner.patch("sellers/me/", {"low_balance_alert": "60.00"})

    sell(seller, "50.00")

    [event] = Event.objects.filter(seller_id=seller.pk, type="balance.low")
    assert _in_default() == 1
    assert _gauge("sharj_events_in_default_partition") == 1
    assert _gauge("sharj_events_days_ahead") == 0

    run_command("rotate_events")

    assert list(Event.objects.filter(pk=event.pk)) == [event]
    assert (_in_default(), _gauge("sharj_events_in_default_partition")) == (0, 0)
    assert _gauge("sharj_events_days_ahead") == 7
    assert sell(seller, "1.00").sequence


@pytest.mark.usefixtures("_as_before")
def test_events_of_a_past_day_reach_a_partition_of_that_day_too() -> None:
    event = _write_at(datetime.now(UTC) - timedelta(3))
    assert _in_default() == 1

    run_command("rotate_events")

    assert _in_default() == 0
    assert Event.objects.filter(pk=event).exists()
    _as_owner(f"DROP TABLE outbox_event_{_today() - timedelta(3):%Y%m%d}")


def test_the_application_may_not_change_a_day_that_was_made_later() -> None:
    day = _today() + timedelta(7)
    _as_owner(f"DROP TABLE outbox_event_{day:%Y%m%d}")
    run_command("rotate_events")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT privilege_type FROM information_schema.role_table_grants"
            " WHERE grantee = current_user AND table_name = %s",
            [f"outbox_event_{day:%Y%m%d}"],
        )
        assert not {privilege for (privilege,) in cursor.fetchall()} - {"SELECT"}


def _in_default() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox_event_default")
        count: int = cursor.fetchone()[0]
    return count


def _gauge(name: str) -> float:
    [metric] = [metric for metric in DatabaseGauges().collect() if metric.name == name]
    return metric.samples[0].value
