"""Prices: what a seller pays for a charge, by operator, seller and day; the face value is what arrives."""

import csv
import io
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from apps.accounts.models import Seller
from apps.core.errors import InvalidInput
from apps.core.values.business_day import business_day
from apps.delivery.adapters.protocol import Outcome
from apps.delivery.books import compare_books
from apps.delivery.models import Delivery, PriceTerms
from apps.delivery.operators import add_terms
from apps.delivery.routing import routes
from apps.testing.api import PHONE, Caller, assert_problem
from apps.testing.deliveries import CODE, claim, delivering, delivery_of, make_operator, take
from apps.testing.factories import log_in, make_seller, make_staff, owner_of
from apps.testing.invariants import assert_ledger_consistent
from apps.testing.verdicts import found
from apps.transactions.models import LedgerEntry
from apps.transactions.reconciliation.reconcile import reconcile_all

TODAY = business_day(timezone.now())


@pytest.fixture(autouse=True)
def _on() -> Iterator[None]:
    with delivering():
        yield


def make_terms(seller: Seller | None = None, *, code: str = CODE, begins: date = TODAY, **terms: Any) -> PriceTerms:
    made = PriceTerms.objects.create(operator_id=code, seller=seller, effective_from=begins, **terms)
    routes.forget()
    return made


@pytest.mark.django_db(transaction=True)
def test_a_seller_pays_the_price_and_the_face_value_arrives(owner: Caller, seller: Seller) -> None:
    make_operator()
    make_terms(discount_percent=3, fee="0.05")

    sold = owner.charge("10.00", key="one").body

    assert (sold["amount"], sold["delivery"]["face_value"]) == ("9.75", "10.00")
    assert Decimal(sold["balance_before"]) - Decimal(sold["balance_after"]) == Decimal("9.75")
    assert owner.get(f"transactions/{sold['id']}/").body == sold
    assert owner.get("transactions/").body["results"][0] == sold
    assert owner.charge("10.00", key="one").body == sold
    assert owner.get(f"deliveries/{sold['id']}/").body["amount"] == "10.00"
    assert claim(LedgerEntry.objects.get(pk=sold["id"])).top_up.amount == Decimal("10.00")
    assert (reconcile_all().trial_balance or {})["platform:charge_sales"] == Decimal("-9.75")
    assert found() == []
    assert_ledger_consistent()


def test_without_terms_the_price_is_the_face_value(owner: Caller) -> None:
    make_operator()
    make_operator("other", carrier_names=[])
    make_terms(code="other", discount_percent=10)

    sold = owner.charge("10.00").body

    assert sold["amount"] == "10.00"
    assert "face_value" not in sold["delivery"]
    assert owner.get(f"transactions/{sold['id']}/").body == owner.get("transactions/").body["results"][0] == sold
    assert LedgerEntry.objects.get(pk=sold["id"]).face_value is None


def test_own_terms_stand_above_those_of_all_and_newer_above_older(owner: Caller, seller: Seller) -> None:
    make_operator()
    make_terms(discount_percent=1)
    assert owner.charge("10.00").body["amount"] == "9.90"
    make_terms(seller, discount_percent=2, begins=TODAY - timedelta(days=9))
    make_terms(make_seller(), discount_percent=50)
    assert owner.charge("10.00").body["amount"] == "9.80"
    make_terms(discount_percent=3)
    assert owner.charge("10.00").body["amount"] == "9.80"
    make_terms(seller, discount_percent=4, begins=TODAY - timedelta(days=1))
    make_terms(seller, discount_percent=5, begins=TODAY - timedelta(days=1))
    assert owner.charge("10.00").body["amount"] == "9.50"
    make_terms(seller, discount_percent=90, begins=TODAY + timedelta(days=1))
    assert owner.charge("10.00").body["amount"] == "9.50"


def test_terms_that_another_process_adds_count(owner: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    make_operator()
    owner.charge("10.00")
    PriceTerms.objects.create(operator_id=CODE, effective_from=TODAY, discount_percent=50)
    monkeypatch.setattr(routes, "_until", 0.0)  # two seconds later
    assert owner.charge("10.00").body["amount"] == "5.00"


def test_products_and_keys_are_of_the_face_value_and_limits_of_the_price(owner: Caller, seller: Seller) -> None:
    make_operator(min_amount="10.00", max_amount="20.00")
    make_terms(discount_percent=50)
    Seller.objects.filter(pk=seller.pk).update(daily_limit="10.00")

    assert_problem(owner.charge("5.00"), 422, "product_not_offered", nearest_amounts=["10.00"])
    sold = owner.charge("10.00", key="one")
    make_terms(discount_percent=40)
    assert owner.charge("10.00", key="one").body == sold.body
    assert_problem(owner.charge("5.00", key="one"), 422, "idempotency_key_reused")
    assert owner.get("sellers/me/balance/").body["spent_today"] == "5.00"
    assert_problem(
        owner.charge("20.00"), 409, "daily_limit_exceeded",
        daily_limit="10.00", spent_today="5.00", available_today="5.00",
    )  # fmt: skip
    dry = owner.post("charges/?dry_run=true", {"phone_number": PHONE, "amount": "20.00"})
    assert dry.body["code"] == "daily_limit_exceeded"


def test_the_balance_needs_to_hold_the_price_only() -> None:
    make_operator()
    owner = log_in(owner_of(make_seller(balance="5.00")))
    make_terms(discount_percent=50)

    assert owner.post("charges/bulk/", {"charges": [{"phone_number": PHONE, "amount": "10.00"}]}).body["accepted"] == 1
    assert_problem(
        owner.charge("10.00"), 409, "insufficient_balance",
        available_balance="0.00", required_amount="5.00", shortage="5.00",
    )  # fmt: skip
    assert_ledger_consistent()


def test_a_failed_charge_gives_the_price_back(owner: Caller, seller: Seller) -> None:
    make_operator()
    make_terms(discount_percent=50)
    before = owner.get("sellers/me/balance/").body["balance"]
    entry = LedgerEntry.objects.get(pk=owner.charge("10.00").body["id"])

    take(entry, Outcome.REFUSED)

    assert delivery_of(entry).status == "failed"
    assert owner.get("sellers/me/balance/").body["balance"] == before
    assert owner.get("transactions/").body["results"][0]["amount"] == "5.00"
    assert_ledger_consistent()


@pytest.mark.parametrize(
    ("face", "terms", "price"),
    [
        ("0.01", {"discount_percent": "99.99"}, "0.01"),  # never nothing
        ("0.01", {"discount_percent": "50"}, "0.01"),  # half a cent is rounded up
        ("10.10", {"discount_percent": "2.5"}, "9.85"),
        ("1000.00", {"fee": "1.50"}, "1001.50"),
    ],
)
def test_prices_are_rounded_to_a_cent(face: str, terms: dict[str, str], price: str) -> None:
    made = PriceTerms(**{name: Decimal(value) for name, value in terms.items()})
    assert made.price_of(Decimal(face)) == Decimal(price)


def test_statements_show_both(owner: Caller, seller: Seller, tmp_path: Path) -> None:
    make_operator()
    owner.charge("10.00")
    make_terms(discount_percent=50)
    owner.charge("10.00")
    month = f"sellers/me/statement/?month={TODAY:%Y-%m}"

    file = tmp_path / "statement.csv"
    file.write_bytes(owner.get(month, Accept="text/csv").content)
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith(("#", '"#'))]
    equal, differing = list(csv.DictReader(io.StringIO("\n".join(lines))))[-2:]
    assert (equal["amount"], equal["face_value"]) == ("10.00", "")
    assert (differing["amount"], differing["face_value"]) == ("5.00", "10.00")
    tool = django_settings.BASE_DIR / "tools/verify_export.py"
    done = subprocess.run([sys.executable, tool, "--part", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert owner.get(month, Accept="application/pdf").content.startswith(b"%PDF")
    assert owner.get(month).body["results"][-1]["delivery"]["face_value"] == "10.00"


def test_prices_begin_today_or_later_with_a_line_in_the_audit_trail(admin: Caller) -> None:
    make_operator()
    staff = make_staff("admin")
    terms = PriceTerms(operator_id=CODE, effective_from=TODAY - timedelta(days=1), discount_percent=Decimal(1))
    with pytest.raises(InvalidInput):
        add_terms(terms, added_by_id=staff.pk)
    assert not PriceTerms.objects.exists()


def test_the_books_of_an_operator_hold_face_values(owner: Caller, tmp_path: Path) -> None:
    operator = make_operator()
    make_terms(discount_percent=50)
    entry = LedgerEntry.objects.get(pk=owner.charge("10.00").body["id"])
    take(entry, Outcome.DELIVERED)
    for amount, differing in (("10.00", 0), ("5.00", 1)):
        file = tmp_path / "book.csv"
        file.write_text(f"reference,amount,status\n{entry.pk},{amount},delivered\n")
        assert compare_books(operator=operator, day=TODAY, file=file).discrepancies == differing
    assert Delivery.objects.get().status == "delivered"
