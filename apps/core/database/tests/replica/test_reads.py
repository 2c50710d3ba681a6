"""Reads that a standby answers, and reads that never reach it, with a real streaming standby."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from django.db import connections, transaction
from django.db.models import F
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Seller, Session, User
from apps.core.database import replica
from apps.core.database.tests.replica.questions import asked, export
from apps.core.database.tests.replica.standby import Standby
from apps.credit_requests.models import CreditRequest
from apps.testing.api import Answer, Caller
from apps.testing.factories import file_request, log_in, make_seller, make_staff, owner_of, sell
from apps.transactions.models import LedgerEntry, Wallet
from apps.transactions.totals import figures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]


def test_it_is_a_standby_that_replays(standby: Standby) -> None:
    seller = make_seller(balance="10.00")

    def look() -> tuple[bool, int]:
        with connections[replica.reading_alias()].cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery()")
            return cursor.fetchone()[0], LedgerEntry.objects.filter(seller_id=seller.pk).count()

    assert replica.read(look) == (True, 1)
    assert replica.state() == "ok"


STAFF_READS: Final[dict[str, Callable[[Caller], Answer]]] = {
    "transactions as CSV": lambda caller: caller.get("transactions/", Accept="text/csv"),
    "transactions": lambda caller: caller.get("transactions/"),
    "a seller's transactions": lambda caller: caller.get(f"sellers/{Seller.objects.get().pk}/transactions/"),
    "credit requests": lambda caller: caller.get("credit-requests/"),
    "phone numbers": lambda caller: caller.get("phone-numbers/"),
}


@pytest.mark.parametrize("name", STAFF_READS)
def test_reports_of_staff_come_from_the_standby(standby: Standby, name: str) -> None:
    file_request(make_seller(balance="10.00"))
    sell(Seller.objects.get(), "1.00")
    staff = log_in(make_staff("admin"))

    with asked() as statements, asked("default") as others:
        answer = STAFF_READS[name](staff)

    assert answer.status == 200
    assert "+98912" in answer.content.decode() or answer.body["results"]
    assert statements
    assert not [sql for sql in others if "ledgerentry" in sql or "credit_requests" in sql]


@pytest.mark.parametrize("page", ["transactions_ledgerentry_changelist", "transactions_ledgerentry_export", "index"])
def test_the_ledger_of_the_back_office_comes_from_the_standby(standby: Standby, client: Client, page: str) -> None:
    sell(make_seller(balance="10.00"), "1.00")
    client.force_login(make_staff("admin"))
    with asked() as statements:
        answer = client.get(reverse(f"admin:{page}"))
        content = answer.getvalue()
    assert answer.status_code == 200
    assert content
    assert statements


def test_the_plots_of_the_back_office_come_from_the_standby(standby: Standby) -> None:
    seller = make_seller(balance="10.00")
    with asked() as statements:
        figures.totals_by_hour()
        figures.totals_by_day()
        figures.top_sellers(5)
        assert figures.closing_balances(seller.pk)[-1][1] == 10
    assert len(statements) == 4


NEVER_FROM_STANDBY: Final[dict[str, Callable[[Caller], Answer]]] = {
    "charge": lambda caller: caller.charge("1.00", key="one"),
    "the charge again": lambda caller: caller.charge("1.00", key="one"),
    "balance": lambda caller: caller.get("sellers/me/balance/"),
    "seller": lambda caller: caller.get("sellers/me/"),
    "reconciliation": lambda caller: caller.get("sellers/me/reconciliation/"),
    "own transactions": lambda caller: caller.get("transactions/"),
    "own credit requests": lambda caller: caller.get("credit-requests/"),
    "statement": lambda caller: caller.get("sellers/me/statement/"),
    "who am I": lambda caller: caller.get("auth/me/"),
    "refresh": lambda caller: caller.post("auth/refresh/", {"refresh": caller.refresh}),
}


def test_money_keys_and_sessions_are_never_asked_of_the_standby(standby: Standby) -> None:
    caller = log_in(owner_of(make_seller(balance="10.00")))
    for name, ask in NEVER_FROM_STANDBY.items():
        with asked() as statements:
            assert ask(caller).status in (200, 201), name
        assert statements == [], name


@pytest.mark.parametrize(
    "question",
    [
        lambda: list(Wallet.objects.using("replica")),
        lambda: list(Session.objects.using("replica")),
        lambda: list(User.objects.using("replica")),
        lambda: list(LedgerEntry.objects.select_related("seller__wallet")),
        lambda: list(LedgerEntry.objects.annotate(held=F("seller__wallet__balance"))),
        lambda: connections["replica"].cursor().execute("SELECT balance FROM transactions_wallet"),
        lambda: connections["replica"].cursor().execute("SELECT 1 FROM accounts_seller FOR NO KEY UPDATE"),
    ],
)
def test_a_question_for_the_present_truth_is_refused_before_it_is_sent(
    standby: Standby, question: Callable[[], Any]
) -> None:
    with pytest.raises(replica.NotFromReplica):
        replica.read(question)


def test_the_router_sends_wallets_and_writes_to_the_primary_even_while_reports_are_read(standby: Standby) -> None:
    router = replica.ReplicaRouter()

    def route() -> list[str]:
        return [
            router.db_for_read(LedgerEntry),
            router.db_for_read(CreditRequest),
            router.db_for_read(Wallet),
            router.db_for_read(Session),
            router.db_for_read(User),
            router.db_for_write(LedgerEntry),
        ]

    assert replica.read(route) == ["replica", "replica", "default", "default", "default", "default"]
    assert set(route()) == {"default"}


def test_what_is_read_within_a_transaction_is_read_from_the_primary(standby: Standby) -> None:
    with asked() as statements, transaction.atomic():
        assert replica.read(lambda: LedgerEntry.objects.count()) == 0
    assert statements == []


def test_a_row_from_the_standby_is_changed_and_followed_on_the_primary(standby: Standby) -> None:
    make_seller(balance="10.00")
    row = replica.read(lambda: list(Seller.objects.all()))[0]
    assert row._state.db == "replica"

    with asked() as statements:
        assert row.wallet.balance == 10
        row.refresh_from_db()
        row.company_name = "Changed"
        row.save(update_fields=["company_name"])
    assert statements == []


def test_a_read_sees_the_sale_just_before_it(standby: Standby) -> None:
    caller = log_in(owner_of(make_seller(balance="100.00")))
    with asked() as statements:
        for number in range(1, 21):
            assert caller.charge("1.00").status == 201
            assert export(caller) == number + 1
    assert len(statements) >= 20
