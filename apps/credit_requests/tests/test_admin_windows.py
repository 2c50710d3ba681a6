"""Filters that no index serves look through some rows at a time; nothing is out of reach, and all is exported."""

from typing import Any

import pytest

from apps.accounts.models import AuditEvent
from apps.core.keyset_list import KeysetList
from apps.core.tests.factories import add_credit, make_seller, sell
from apps.credit_requests.tests.back_office import Desk, desk
from apps.transactions.models import LedgerEntry

pytestmark = pytest.mark.django_db

LEDGER = "transactions_ledgerentry_changelist"


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeysetList, "WINDOW", 3)


def walk(admin: Desk, page: Any) -> list[list[Any]]:
    """Return what each page shows, following the links to older rows."""
    shown = []
    while True:
        changes = page.context["cl"]
        shown.append([row.pk for row in changes.result_list])
        if changes.older is None:
            return shown
        page = admin.client.get(f"{page.request['PATH_INFO']}{changes.older}")


def amounts(rows: list[Any]) -> list[str]:
    return [str(LedgerEntry.objects.get(pk=pk).amount) for pk in rows]


@pytest.fixture
def ledger() -> None:
    seller = make_seller()
    add_credit(seller, "500.00")
    for amount in ("7.00", "1.00", "1.00", "7.00", "1.00", "1.00", "1.00", "1.00"):
        sell(seller, amount)


def test_older_entries_are_found_by_going_on(ledger: None) -> None:
    admin = desk("admin")
    first = admin.get(LEDGER, amount_from="7", amount_to="7")
    pages = walk(admin, first)
    assert [amounts(page) for page in pages] == [[], ["7.00"], ["7.00"]]
    assert "Looked through 3 rows, back to" in first.content.decode()


def test_the_way_back_shows_the_same(ledger: None) -> None:
    admin = desk("admin")
    oldest = LedgerEntry.objects.earliest("pk").pk
    newer = []
    query: dict[str, str] = {"amount_from": "7", "amount_to": "7", "after": str(oldest)}
    while True:
        changes = admin.get(LEDGER, **query).context["cl"]
        newer += [row.pk for row in changes.result_list]
        if changes.newer is None:
            break
        query["after"] = changes.newer.partition("after=")[2].partition("&")[0]
    assert amounts(newer) == ["7.00", "7.00"]


def test_an_amount_that_most_have_needs_no_further_look(ledger: None) -> None:
    page = desk("admin").get(LEDGER, amount_from="500")
    assert page.context["cl"].older is not None
    assert desk("admin").get(LEDGER).context["cl"].older is None  # without the filter all nine are on one page


def test_the_export_has_what_all_pages_together_show(ledger: None) -> None:
    page = desk("admin").get("transactions_ledgerentry_export", amount_from="7", amount_to="7")
    rows = b"".join(page.streaming_content).decode().splitlines()[1:]
    assert [row.split(",")[4] for row in rows] == ["7.00", "7.00"]


def test_a_wrong_amount_is_no_filter(ledger: None) -> None:
    page = desk("admin").get(LEDGER, amount_from="lots")
    assert page.status_code == 200


def test_the_search_of_the_trail_goes_on_too() -> None:
    for number in range(8):
        AuditEvent.objects.create(action="change", subject_name=f"row {number}", request_id="-")
    admin = desk("auditor")
    pages = walk(admin, admin.get("accounts_auditevent_changelist", q="row 1"))
    assert [len(page) for page in pages] == [0, 0, 1]
