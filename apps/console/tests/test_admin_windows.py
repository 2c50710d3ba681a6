"""Searches without an index: some rows at a time, with every row in reach."""

from typing import Any

import pytest

from apps.accounts.models import AuditEvent
from apps.console.framework.keyset_list import KeysetList
from apps.testing.back_office import Desk, desk
from apps.testing.factories import add_credit, make_seller, sell

pytestmark = pytest.mark.django_db

TRAIL, LEDGER = "accounts_auditevent_changelist", "transactions_ledgerentry_changelist"


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeysetList, "WINDOW", 3)


@pytest.fixture
def trail() -> None:
    for number in range(8):
        name = "wanted" if number in {1, 4} else "other"
        AuditEvent.objects.create(action="change", subject_name=f"{name} {number}", request_id="-")


@pytest.fixture
def ledger() -> None:
    seller = make_seller()
    add_credit(seller, "500.00")
    for amount in ("7.00", "1.00", "1.00", "7.00", "1.00", "1.00", "1.00", "1.00"):
        sell(seller, amount)


def walk(admin: Desk, page: Any) -> list[list[str]]:
    """Return the names that each page shows, following the links to older rows."""
    shown = []
    while True:
        changes = page.context["cl"]
        shown.append([row.subject_name for row in changes.result_list])
        if changes.older is None:
            return shown
        page = admin.client.get(f"{page.request['PATH_INFO']}{changes.older}")


def test_older_rows_are_found_by_going_on(trail: None) -> None:
    admin = desk("auditor")
    first = admin.get(TRAIL, q="wanted")
    assert walk(admin, first) == [[], ["wanted 4"], ["wanted 1"]]
    assert "Looked through 3 rows, back to" in first.content.decode()


def test_the_way_back_shows_the_same(trail: None) -> None:
    admin = desk("auditor")
    newer = []
    query: dict[str, str] = {"q": "wanted", "after": str(AuditEvent.objects.earliest("pk").pk)}
    while True:
        changes = admin.get(TRAIL, **query).context["cl"]
        newer += [row.subject_name for row in changes.result_list]
        if changes.newer is None:
            break
        query["after"] = changes.newer.partition("after=")[2].partition("&")[0]
    assert newer == ["wanted 1", "wanted 4"]


def test_amounts_have_an_index_and_are_found_wherever_they_are(ledger: None) -> None:
    changes = desk("admin").get(LEDGER, amount_from="7", amount_to="7").context["cl"]
    assert [str(row.amount) for row in changes.result_list] == ["7.00", "7.00"]
    assert (changes.looked_back_to, changes.older) == (None, None)
