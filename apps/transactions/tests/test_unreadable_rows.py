"""Rows that no moment of a calendar describes, put in by a superuser without triggers: named, and blinding no page."""

from typing import Any

import pytest

from apps.accounts.models import Seller
from apps.testing.back_office import desk
from apps.testing.command_calls import run_command
from apps.testing.factories import log_in, make_seller, make_staff, owner_of, sell
from apps.testing.tampering import change_by_hand
from apps.testing.verdicts import found
from apps.transactions.models import LedgerEntry

pytestmark = pytest.mark.django_db(transaction=True)

MOMENTS = ["infinity", "-infinity", "99999-01-01 00:00Z", "0044-03-15 00:00Z BC", "9999-12-31 23:59:59Z"]


@pytest.fixture(params=MOMENTS)
def seller(request: pytest.FixtureRequest) -> Seller:
    """A seller with three entries, the second of which has an impossible time, and so has its wallet."""
    seller = make_seller(balance="100.00")
    for _ in range(2):
        sell(seller, "10.00")
    change_by_hand(
        "UPDATE transactions_ledgerentry SET created_at = %s WHERE seller_id = %s AND sequence = 2",
        request.param, seller.pk,
    )  # fmt: skip
    change_by_hand("UPDATE transactions_wallet SET last_entry_at = %s WHERE seller_id = %s", request.param, seller.pk)
    return seller


def test_the_verifier_names_it_and_verifies_the_others(seller: Seller) -> None:
    before, after = make_seller(balance="5.00"), make_seller(balance="5.00")
    [(who, sequence, faults)] = found()
    assert (who, sequence) == (str(seller.pk), 2)
    assert faults >= {"time", "hash"}
    change_by_hand("UPDATE transactions_ledgerentry SET description = 'x' WHERE seller_id = %s", after.pk)
    assert [(who, sequence) for who, sequence, _ in found()] == sorted([(str(seller.pk), 2), (str(after.pk), 1)])
    assert found("--seller-id", before.pk) == []


def test_a_wallet_that_is_dated_otherwise_than_its_newest_entry_is_named() -> None:
    seller = make_seller(balance="5.00")
    change_by_hand("UPDATE transactions_wallet SET last_entry_at = 'infinity' WHERE seller_id = %s", seller.pk)
    assert found() == [(str(seller.pk), 1, {"wallet"})]
    assert run_command("reconcile_balances", "--fix")[0] == 0
    assert found() == []
    sell(seller)


def test_numbers_of_entries_that_no_sum_holds_are_named() -> None:
    sellers = [make_seller(balance="5.00"), make_seller(balance="5.00")]
    for seller in sellers:
        change_by_hand("UPDATE transactions_wallet SET sequence = %s WHERE seller_id = %s", 2**63 - 1, seller.pk)
    assert [who for who, _, _ in found()] == sorted(str(seller.pk) for seller in sellers)


READS = [
    "transactions/", "transactions/?created_after=2026-01-01T00:00:00Z", "transactions/{entry}/", "sellers/me/",
    "sellers/me/balance/", "sellers/me/transactions/", "sellers/me/reconciliation/", "phone-numbers/",
    "sellers/me/statement/?from=2026-01-01T00:00:00Z", "sellers/me/balance/?at=2026-01-01T00:00:00Z",
    "sellers/me/statement/?from=2026-01-01T00:00:00Z&to=9999-12-31T23:59:59Z",
]  # fmt: skip


@pytest.mark.parametrize("path", READS)
def test_the_api_answers(seller: Seller, path: str) -> None:
    entry = LedgerEntry.objects.values_list("pk", flat=True).get(seller=seller, sequence=2)
    answer = log_in(owner_of(seller)).get(path.format(entry=entry))
    assert answer.status == 200, answer.body


@pytest.mark.parametrize("path", ["transactions/", "sellers/me/transactions/", "sellers/me/statement/"])
def test_the_export_answers(seller: Seller, path: str) -> None:
    answer = log_in(owner_of(seller)).get(path, Accept="text/csv")
    assert (answer.status, answer.content.count(b",charge_sale,")) == (200, 2)


def test_reconciliation_says_that_the_chain_is_broken(seller: Seller) -> None:
    answer = log_in(make_staff("auditor")).get("reconciliation/")
    assert (answer.status, answer.body["chain_verified"], answer.body["is_reconciled"]) == (200, False, False)


def pages(seller: Seller) -> list[tuple[str, list[Any]]]:
    entry = LedgerEntry.objects.values_list("pk", flat=True).get(seller=seller, sequence=2)
    return [
        ("index", []),
        ("transactions_ledgerentry_changelist", []),
        ("transactions_ledgerentry_change", [entry]),
        ("transactions_ledgerentry_export", []),
        ("transactions_wallet_changelist", []),
        ("transactions_wallet_change", [seller.pk]),
        ("accounts_seller_change", [seller.pk]),
    ]


@pytest.mark.parametrize("language", ["en", "fa"])
def test_the_back_office_answers(seller: Seller, language: str) -> None:
    admin = desk("admin")
    admin.client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    for name, arguments in pages(seller):
        page = admin.get(name, *arguments)
        assert page.status_code == 200, name
        if page.streaming:
            assert b"charge_sale" in b"".join(page.streaming_content)
