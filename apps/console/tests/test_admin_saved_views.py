"""Views of a list that a user has named: offered to that user, in that list."""

from typing import Any

import pytest
from django.urls import reverse

from apps.console.models import SavedView
from apps.console.pages.saved_views import MOST_VIEWS
from apps.testing.back_office import Desk, desk

pytestmark = pytest.mark.django_db

LEDGER = "transactions_ledgerentry"


def save(person: Desk, **data: str) -> Any:
    form = {"page": LEDGER, "name": "Large sales", "query": "type=charge_sale&amount_from=1000000&p=2&before=x", **data}
    return person.client.post(reverse("save-view"), form)


def remove(person: Desk, **data: str) -> Any:
    return person.client.post(reverse("remove-view"), {"page": LEDGER, "name": "Large sales", **data})


def shown(person: Desk, page: str = LEDGER, **query: str) -> str:
    return str(person.get(f"{page}_changelist", **query).content.decode())


def test_a_view_is_saved_offered_opened_and_removed() -> None:
    person, query = desk("support"), "type=charge_sale&amount_from=1000000"
    assert "Save this view" not in shown(person)
    assert "Save this view" in shown(person, type="charge_sale")
    assert save(person)["Location"] == f"{reverse(f'admin:{LEDGER}_changelist')}?{query}"
    page = shown(person)
    assert 'href="?type=charge_sale&amp;amount_from=1000000"' in page
    assert "Large sales" in page
    assert 'aria-current="page">Large sales' in shown(person, type="charge_sale", amount_from="1000000")
    assert "Large sales" not in shown(person, "accounts_seller")
    assert "Large sales" not in shown(desk("support"))
    remove(person)
    assert "Large sales" not in shown(person)


def test_the_same_name_means_the_new_view() -> None:
    person = desk("support")
    save(person)
    save(person, query="type=reversal")
    assert SavedView.objects.get().query == "type=reversal"


@pytest.mark.parametrize(
    "data", [{"name": ""}, {"name": "x" * 61}, {"name": "\0"}, {"page": "nothing"}, {"query": "x" * 2001}]
)
def test_a_malformed_view_is_refused(data: dict[str, str]) -> None:
    assert save(desk("support"), **data).status_code == 302
    assert not SavedView.objects.exists()


def test_a_user_has_a_bounded_number_of_views() -> None:
    person = desk("support")
    for number in range(MOST_VIEWS + 2):
        save(person, name=f"View {number}")
    assert SavedView.objects.count() == MOST_VIEWS
    save(person, name="View 0", query="q=again")
    assert SavedView.objects.get(name="View 0").query == "q=again"


def test_the_view_of_another_is_not_removed() -> None:
    owner = desk("support")
    save(owner)
    remove(desk("admin"))
    assert SavedView.objects.count() == 1


@pytest.mark.parametrize("name", ["save-view", "remove-view"])
def test_a_view_is_changed_by_post_only_and_by_staff_only(name: str) -> None:
    assert desk("support").client.get(reverse(name)).status_code == 405
    assert desk().client.post(reverse(name)).status_code in (302, 403)
