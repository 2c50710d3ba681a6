"""The parts of the benchmark that meet the service: its ceiling, its sellers, its pages, its books."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client, override_settings

from apps.core.database.logins import database_login
from apps.core.database.roles import open_database
from apps.transactions.models import LedgerEntry
from functional_tests.performance.benchmark.books import check_books, count_entries
from functional_tests.performance.benchmark.cases import BALANCE, CHARGES, HISTORY, Case, CaseBook
from functional_tests.performance.benchmark.drive import CONNECTIONS, Drive
from functional_tests.performance.benchmark.generator import DataPlan
from functional_tests.performance.benchmark.gunicorn_server import Server
from functional_tests.performance.benchmark.loader import load
from functional_tests.performance.benchmark.pages import deep_page
from functional_tests.performance.benchmark.plans import explain_filters
from functional_tests.performance.benchmark.sellers import Member, make_members, make_staff, members_of
from functional_tests.performance.benchmark.sites import Site
from functional_tests.performance.errors import UnexpectedAnswer

URLS = "functional_tests.performance.benchmark.urls"
SITE = Site(Server(port=1, pid=1), "unused")
CHARGE = {"phone_number": "09121234567", "amount": "1000.00"}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def member() -> Member:
    [member] = make_members(1, make_staff())
    return member


def bearer(member: Member) -> Client:
    return Client(headers={"Authorization": f"Bearer {member.token}"})


def case(charges: float = 1.0, most: int = 1) -> Case:
    def drive(*, seconds: int, run: int) -> Drive:
        raise AssertionError

    return Case("case", "a case", SITE, drive, charges, most)


def drive(requests: int) -> Drive:
    return Drive(requests, 1.0, 1.0, 1.0, 1.0)


@override_settings(ROOT_URLCONF=URLS)
def test_the_ceiling_checks_the_token_and_asks_no_database(member: Member, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]  # pytest-django's fixture is not typed
        answer = bearer(member).post("/ceiling/", CHARGE, content_type="application/json")
    assert answer.status_code == 201
    assert answer.json() == {"seller": str(member.seller_id), "received": CHARGE}
    assert Client().post("/ceiling/", CHARGE, content_type="application/json").status_code == 401


@override_settings(ROOT_URLCONF=URLS)
def test_a_member_can_charge_and_read(member: Member) -> None:
    client = bearer(member)
    assert client.post(CHARGES, CHARGE, content_type="application/json").status_code == 201
    assert client.get(BALANCE).json()["sequence"] == 2


def test_a_deep_page_is_the_one_that_walking_leads_to() -> None:
    with open_database(database_login("superuser", connection.settings_dict["NAME"])) as superuser:
        [account] = load(superuser, DataPlan(1, 230, until=datetime.now(UTC) - timedelta(minutes=1)))
    [member] = members_of([account.seller_id], make_staff())
    path, number = deep_page(HISTORY, member.seller_id, 3)
    expected = LedgerEntry.objects.order_by("-id")[100:150].values_list("pk", flat=True)
    assert number == 3
    assert [entry["id"] for entry in bearer(member).get(path).json()["results"]] == list(map(str, expected))
    assert deep_page(HISTORY, member.seller_id, 2_000)[1] == 4
    assert all(plan.scans for plan in explain_filters(member.seller_id))


def test_books_that_agree_pass_and_charges_may_be_unheard_of(member: Member) -> None:
    check_books(case(), drive(10), entries=10)
    check_books(case(), drive(10), entries=10 + CONNECTIONS)
    assert count_entries() == 1


@pytest.mark.parametrize("entries", [9, 11 + CONNECTIONS])
def test_lost_and_unasked_charges_are_found(member: Member, entries: int) -> None:
    with pytest.raises(UnexpectedAnswer, match="10 charges were answered"):
        check_books(case(), drive(10), entries)


def test_a_wallet_that_differs_is_found(member: Member) -> None:
    login = database_login("superuser", connection.settings_dict["NAME"])
    with open_database(login) as superuser, superuser.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; UPDATE transactions_wallet SET balance = 1")
    with pytest.raises(UnexpectedAnswer, match="do not agree"):
        check_books(case(), drive(10), entries=10)


def test_every_case_has_requests(member: Member, tmp_path: Path) -> None:
    book = CaseBook(SITE, tmp_path, "run")
    book.charges("ten_sellers", "charges", [member])
    book.mixed([member])
    book.bulk([member], 100)
    charges, mixed, bulk = (tmp_path / f"unused-{name}.requests" for name in ("ten_sellers", "mixed", "bulk_100"))
    assert charges.read_bytes().count(b"POST ") == 200
    assert mixed.read_bytes().count(b"POST ") == 4 * mixed.read_bytes().count(b"GET ")
    assert bulk.read_bytes().count(b"idempotency_key") == bulk.read_bytes().count(b"\x1f") == 100
