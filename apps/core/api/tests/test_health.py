"""health/live/, health/ready/, and the answers while the database is away."""

from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from apps.core.database.logins import database_login
from apps.core.database.roles import open_database
from apps.testing.api import Caller, assert_problem
from apps.testing.factories import log_in, make_seller, owner_of
from apps.transactions.charges import services
from apps.transactions.ledger.locking import LockedWallet
from apps.transactions.ledger.write import write_entries
from apps.transactions.models import LedgerEntry, Wallet


def test_live_says_ok_and_asks_no_database(
    anonymous: Caller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        answer = anonymous.get("health/live/")

    assert (answer.status, answer.body) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["health/ready/", "health/"])
def test_ready_says_what_it_checked(anonymous: Caller, path: str) -> None:
    answer = anonymous.get(path)

    assert answer.status == 200
    assert answer.body.keys() == {"status", "checks"}
    assert (answer.body["status"], answer.body["checks"]["database"]) == ("ok", "ok")


@pytest.fixture
def _database_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No server answers where the settings say."""
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "HOST", "/nowhere")
        yield
        connection.close()


@pytest.mark.django_db(transaction=True)
class TestWhileTheDatabaseIsAway:
    """Requests that need the database answer 503 until it is back."""

    @pytest.mark.usefixtures("_database_away")
    def test_the_process_is_live_but_not_ready(self) -> None:
        assert Caller().get("health/live/").status == 200
        for path in ("health/ready/", "health/"):
            answer = Caller().get(path)
            assert (answer.status, answer.body["status"]) == (503, "unavailable")
            assert answer.body["checks"]["database"] == "unavailable"

    def test_every_request_is_told_to_come_back(self, request: pytest.FixtureRequest) -> None:
        caller = log_in(owner_of(make_seller(balance="10.00")))
        request.getfixturevalue("_database_away")

        answers = [
            caller.charge(key="k"),
            caller.get("sellers/me/"),
            caller.get("transactions/", Accept="text/csv"),
            caller.post("auth/refresh/", {"refresh": caller.refresh}),
            caller.post("auth/seller/login/", {"username": "x", "password": "x"}),
        ]

        for answer in answers:
            assert_problem(answer, 503, "temporarily_unavailable")
            assert int(answer.headers["Retry-After"]) >= 1


def _end_connection() -> None:
    """Let the server end this thread's connection, as a restart of it does."""
    pid = connection.connection.info.backend_pid
    with open_database(database_login("superuser", connection.settings_dict["NAME"])) as database:
        database.cursor().execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


@pytest.mark.own_connection
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_closed_is_noticed_before_it_is_used() -> None:
    seller = make_seller(balance="10.00")
    connection.ensure_connection()
    assert connection.is_usable()
    _end_connection()

    assert not connection.is_usable()
    connection.close()
    assert Wallet.objects.get(pk=seller.pk).balance == 10


@pytest.mark.own_connection
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_breaks_within_a_sale_sells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    seller = make_seller(balance="10.00")
    caller = log_in(owner_of(seller))

    def break_connection_first(wallet: LockedWallet, entries: list[LedgerEntry]) -> None:
        _end_connection()
        write_entries(wallet, entries)

    with monkeypatch.context() as patch:
        patch.setattr(services, "write_entries", break_connection_first)
        answer = caller.charge("1.00", key="k")
    # The write goes out in one message with COMMIT, so what became of it cannot be told.
    assert_problem(answer, 503, "outcome_unknown")

    connection.close()
    assert Wallet.objects.get(pk=seller.pk).sequence == 1
    assert caller.charge("1.00", key="k").status == 201
