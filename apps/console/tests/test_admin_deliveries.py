"""Operators and deliveries in the back office."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import AuditEvent
from apps.core.values.business_day import business_day
from apps.delivery.adapters.protocol import Answer, Outcome
from apps.delivery.models import Delivery, NumberRange, Operator, PriceTerms
from apps.testing.back_office import desk
from apps.testing.deliveries import CODE, delivering, delivery_of, make_operator, sell_delivered, take, unknown_delivery
from apps.testing.factories import make_seller
from apps.transactions.models import LedgerEntry

pytestmark = pytest.mark.django_db


def operator_form(**changes: Any) -> dict[str, Any]:
    values = {
        "code": "mci", "name": "Hamrah-e Avval", "is_open": "on", "carrier_names": "IR-MCI", "min_amount": "1.00",
        "max_amount": "5.00", "amounts": "", "adapter": "http_json", "settings": '{"base_url": "https://mci.example"}',
        "secret_variable": "OPERATOR_SECRET_MCI", "max_in_flight": "8", "_save": "Save",
    }  # fmt: skip
    return {name: value for name, value in {**values, **changes}.items() if value is not None}


def test_an_operator_is_added_changed_and_closed() -> None:
    admin = desk("admin")

    admin.post("delivery_operator_add", data=operator_form())
    admin.post("delivery_operator_change", "mci", data=operator_form(is_open=None, name="MCI"))

    found = Operator.objects.get()
    assert (found.code, found.name, found.is_open, found.carrier_names) == ("mci", "MCI", False, ["IR-MCI"])
    lines = AuditEvent.objects.filter(subject="delivery.operator").order_by("pk")
    assert [(line.action, line.subject_id) for line in lines] == [("add", "mci"), ("change", "mci")]
    assert "is_open: True -> False" in lines[1].detail


def test_prices_are_added_from_today_on_and_never_changed() -> None:
    make_operator()
    seller, admin, today = make_seller(), desk("admin"), business_day(timezone.now())
    form = {"operator": CODE, "seller": seller.pk, "discount_percent": "3.50", "fee": "0"}
    admin.post("delivery_priceterms_add", data={**form, "effective_from": today - timedelta(days=1)})
    assert "Prices change from today on" in admin.get("delivery_priceterms_add").content.decode()
    admin.post("delivery_priceterms_add", data={**form, "discount_percent": "100", "effective_from": today})
    assert not PriceTerms.objects.exists()

    admin.post("delivery_priceterms_add", data={**form, "effective_from": today})

    terms = PriceTerms.objects.get()
    assert (terms.seller, terms.price_of(Decimal(100))) == (seller, Decimal("96.50"))
    line = AuditEvent.objects.get(subject="delivery.priceterms")
    assert line.detail == f"seller_id: {seller.pk}; effective_from: {today}; discount_percent: 3.50; fee: 0"
    changed = admin.post("delivery_priceterms_change", terms.pk, data={**form, "effective_from": today, "fee": "1"})
    assert (changed.status_code, PriceTerms.objects.get().fee) == (403, Decimal(0))
    assert "3.50" in desk("auditor").get("delivery_priceterms_changelist").content.decode()


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": "{}"},
        {"settings": '{"base_url": "http://169.254.169.254"}'},
        {"settings": "nonsense"},
        {"adapter": "telepathy"},
        {"secret_variable": "SECRET_KEY"},
        {"min_amount": ""},
        {"min_amount": "9.00"},
        {"min_amount": "", "max_amount": ""},
        {"code": "M C I"},
        {"max_in_flight": "0"},
    ],
)
def test_an_operator_that_cannot_be_called_is_not_saved(changes: dict[str, str]) -> None:
    answer = desk("admin").post("delivery_operator_add", data=operator_form(**changes))
    assert answer.status_code in (200, 302)
    assert not Operator.objects.exists()


def test_a_number_range_is_added_and_moved() -> None:
    make_operator()
    make_operator("other", carrier_names=[])
    admin = desk("admin")

    admin.post("delivery_numberrange_add", data={"prefix": "+98912", "operator": CODE})
    row = NumberRange.objects.get()
    admin.post("delivery_numberrange_change", row.pk, data={"prefix": "+98912", "operator": "other"})
    admin.post("delivery_numberrange_add", data={"prefix": "912", "operator": CODE})

    assert [(each.prefix, each.operator_id) for each in NumberRange.objects.all()] == [("+98912", "other")]
    line = AuditEvent.objects.filter(subject="delivery.numberrange").latest("pk")
    assert (line.action, line.detail) == ("change", "operator_id: sim -> other")


def test_the_list_shows_what_is_unknown_by_age_and_the_page_what_was_said() -> None:
    seller = make_seller(balance="10.00")
    found = unknown_delivery(seller)
    entry = LedgerEntry.objects.get(pk=found.pk)
    take(entry, Answer(Outcome.UNKNOWN, sent="GET /topups", answered="ReadTimeout: late"))
    sell_delivered(seller)
    support = desk("support")

    every = support.get("delivery_delivery_changelist")
    unknown = support.get("delivery_delivery_changelist", status="unknown")
    old = support.get("delivery_delivery_changelist", older_than="600")
    page = support.get("delivery_delivery_change", found.pk).content.decode()

    assert [len(list_.context["cl"].result_list) for list_ in (every, unknown, old)] == [2, 1, 0]
    assert "ReadTimeout: late" in page
    assert "GET /topups" in page
    assert 'value="mark_failed"' not in page
    assert 'value="mark_failed"' in desk("admin").get("delivery_delivery_change", found.pk).content.decode()


@pytest.mark.parametrize(("status", "balance"), [("failed", 10), ("delivered", 9)])
def test_a_person_settles_what_is_unknown(status: str, balance: int) -> None:
    seller = make_seller(balance="10.00")
    found = unknown_delivery(seller)

    desk("admin").act("delivery_delivery", f"mark_{status}", found, reason="ticket 4711")

    assert (Delivery.objects.get().status, Delivery.objects.get().message) == (status, "ticket 4711")
    seller.wallet.refresh_from_db()
    assert seller.wallet.balance == balance


def test_a_large_one_takes_two(settings: Settings) -> None:
    found = unknown_delivery(make_seller(balance="10.00"))
    settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT = Decimal("0.50")
    first, second = desk("admin"), desk("admin")

    first.act("delivery_delivery", "mark_failed", found, reason="ticket 4711")
    assert Delivery.objects.get().status == "unknown"
    second.act("delivery_delivery", "mark_failed", found, reason="ticket 4711")
    assert Delivery.objects.get().status == "failed"


def test_the_home_page_shows_deliveries_only_where_there_are_any() -> None:
    support = desk("support")
    assert "Deliveries under way" not in support.get("index").content.decode()
    found = unknown_delivery(make_seller(balance="10.00"))
    with delivering():
        page = support.get("index").content.decode()
    assert "Deliveries under way" in page
    assert str(found.operator) in page
    assert delivery_of(LedgerEntry.objects.get(pk=found.pk)).status == "unknown"
