"""Forged posts to every address of the back office: money moves only in the ledger."""

from typing import Any

import pytest
from django.contrib import admin
from django.urls import URLPattern, reverse

from apps.credit_requests.models import CreditRequest
from apps.testing.back_office import Desk, desk, money_state, one_of_each
from apps.testing.factories import owner_of
from apps.testing.invariants import assert_ledger_consistent
from apps.transactions.models import LedgerEntry, Wallet

pytestmark = pytest.mark.django_db

MODELS = sorted(model._meta.label_lower for model in admin.site._registry)
MOVES_MONEY = {
    ("credit_requests.creditrequest", "approve"), ("transactions.ledgerentry", "reverse"),
    ("delivery.delivery", "mark_failed"),
}  # fmt: skip
FIELDS = {
    "balance": "999999.00", "sequence": "77", "spent_today": "0", "amount": "999999.00", "balance_before": "0.00",
    "balance_after": "999999.00", "status": "approved", "type": "credit_increase", "credit_account": "platform:funding",
    "debit_account": "platform:charge_sales", "entry": "", "seller_id": "", "description": "forged", "_save": "Save",
}  # fmt: skip


def forged(row: Any) -> dict[str, Any]:
    """Return those fields as a form, as an inline form of every kind, and as an editable list would send them."""
    prefixes = ("form", "wallet", "entries", "credit_requests", "reversals")
    counts = {f"{prefix}-{name}": "1" for prefix in prefixes for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    inlines = {f"{prefix}-0-{name}": value for prefix in prefixes for name, value in FIELDS.items()}
    ids = {f"{prefix}-0-{name}": str(row.pk) for prefix in prefixes for name in ("id", "seller", "pk")}
    return {**FIELDS, **counts, **inlines, **ids}


def addresses(model: str, row: Any) -> list[str]:
    """Return every address that belongs to a model, by itself and of one row."""
    page = next(page for kind, page in admin.site._registry.items() if kind._meta.label_lower == model)
    names = {str(url.name) for url in page.get_urls() if isinstance(url, URLPattern) and url.name}
    own = {"_change", "_delete", "_history", "_statement", "password_change"}
    return [
        reverse(f"admin:{name}", args=[row.pk] if any(name.endswith(end) for end in own) else [])
        for name in sorted(names)
    ]


@pytest.mark.parametrize("model", MODELS)
def test_no_address_takes_a_balance_from_a_form(model: str) -> None:
    row = one_of_each()[model]
    before, boss = money_state(), desk(superuser=True)
    for address in addresses(model, row):
        for more in ({}, {"_saveasnew": "1"}, {"post": "yes"}, {"_popup": "1"}, {"_selected_action": str(row.pk)}):
            boss.client.post(address, {**forged(row), **more})
            assert money_state() == before, address
            assert list(CreditRequest.objects.exclude(status="approved").filter(entry__isnull=False)) == []
    assert_ledger_consistent()


def actions() -> list[tuple[str, str]]:
    found = []
    for kind, page in admin.site._registry.items():
        found += [(kind._meta.label_lower, str(action)) for action in [*(page.actions or ()), "delete_selected"]]
    return sorted(found)


@pytest.mark.parametrize(("model", "action"), actions())
def test_an_action_takes_nothing_from_forged_fields(model: str, action: str) -> None:
    row = one_of_each()[model]
    before, boss = money_state(), desk(superuser=True)
    fields = {name: value for name, value in forged(row).items() if name not in ("description", "_save")}
    take(boss, model, action, row, fields)
    take(boss, model, action, row, fields)  # and once more
    assert type(row).objects.filter(pk=row.pk).exists()
    if (model, action) not in MOVES_MONEY:
        assert money_state() == before
    else:
        [moved] = LedgerEntry.objects.exclude(pk__in=[entry[0] for entry in before[1]])
        assert moved.amount == (row.entry if model == "delivery.delivery" else row).amount
        assert moved.seller_id == row.seller_id
        assert Wallet.objects.get(pk=row.seller_id).balance == moved.balance_after
    assert_ledger_consistent()


def take(boss: Desk, model: str, action: str, row: Any, fields: dict[str, Any]) -> None:
    boss.act(model.replace(".", "_"), action, row, reason="because", **fields)


@pytest.mark.parametrize("model", MODELS)
def test_a_seller_who_posts_by_hand_is_sent_to_the_login(model: str) -> None:
    row = one_of_each()[model]
    before, stranger = money_state(), Desk(owner_of(Wallet.objects.latest("sequence").seller))
    for address in addresses(model, row):
        answer = stranger.client.post(address, {**forged(row), "post": "yes"})
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("admin:login")), address
    assert money_state() == before
