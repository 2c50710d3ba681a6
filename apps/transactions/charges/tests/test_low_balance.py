"""`balance.low` once on the way down through the seller's alert, `balance.recovered` once on the way up."""

from functools import partial
from itertools import count
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import AuditEvent, Seller
from apps.outbox.models import Event
from apps.testing.api import PHONE, Caller, assert_invalid, assert_problem
from apps.testing.factories import add_credit, file_request, log_in, make_seller, make_staff, owner_of, reverse, sell
from apps.testing.invariants import CHARGE_QUERIES, assert_ledger_consistent, nothing_changes
from apps.testing.races import race
from apps.transactions.models import Wallet

LOW, RECOVERED = "balance.low", "balance.recovered"


@pytest.fixture
def alerted(owner: Caller) -> Caller:
    """The owner of a seller with 100.00 that is told when it falls below 60.00."""
    _set_alert(owner, "60.00")
    return owner


def _set_alert(owner: Caller, amount: str | None) -> None:
    answer = owner.patch("sellers/me/", {"low_balance_alert": amount})
    assert (answer.status, answer.body["low_balance_alert"]) == (200, amount)


def _told(seller: Seller) -> list[str]:
    """Return the types of the events about the balance, in their order, after asserting that they alternate."""
    events = Event.objects.filter(seller_id=seller.pk, type__startswith="balance.").order_by("sequence")
    told = [event.type for event in events]
    assert told == [(LOW, RECOVERED)[number % 2] for number in range(len(told))]
    assert Wallet.objects.get(pk=seller.pk).is_low is (len(told) % 2 == 1)
    return told


def test_it_is_told_once_below_the_alert_and_once_above(alerted: Caller, seller: Seller) -> None:
    sell(seller, "40.00")
    assert _told(seller) == []  # 60.00 is not below 60.00

    sell(seller, "0.01")
    shown = alerted.get("sellers/me/balance/").body
    sell(seller, "20.00")
    assert _told(seller) == [LOW]
    data = Event.objects.get(seller_id=seller.pk, type=LOW).data
    assert {**data, "as_of": ""} == {**shown, "as_of": ""}
    assert data["balance"] == "59.99"

    add_credit(seller, "20.00")
    assert _told(seller) == [LOW]  # 59.99 still
    add_credit(seller, "0.01")
    add_credit(seller, "5.00")
    assert _told(seller) == [LOW, RECOVERED]


def test_nobody_is_told_without_an_alert(seller: Seller) -> None:
    sell(seller, "100.00")
    add_credit(seller, "5.00")

    assert _told(seller) == []


def test_a_batch_tells_once_however_many_items_pass_the_alert(alerted: Caller, seller: Seller) -> None:
    items = [{"phone_number": PHONE, "amount": "30.00"}] * 4

    answer = alerted.post("charges/bulk/", {"charges": items})

    assert (answer.body["accepted"], answer.body["balance_after"]) == (3, "10.00")
    assert _told(seller) == [LOW]
    assert Event.objects.get(seller_id=seller.pk, type=LOW).data["balance"] == "10.00"


def test_a_batch_that_sells_nothing_and_a_dry_run_tell_nothing(alerted: Caller, seller: Seller) -> None:
    items = [{"phone_number": PHONE, "amount": "70.00"}] * 2

    assert alerted.post("charges/bulk/", {"charges": items, "atomic": True}).status == 409
    assert alerted.post("charges/?dry_run=true", items[0]).status == 200
    assert_problem(
        alerted.charge("101.00"), 409, "insufficient_balance",
        available_balance="100.00", required_amount="101.00", shortage="1.00",
    )  # fmt: skip

    assert _told(seller) == []


def test_reversals_pass_it_both_ways(alerted: Caller, seller: Seller) -> None:
    sale = sell(seller, "50.00")
    reverse(sale)
    assert _told(seller) == [LOW, RECOVERED]

    credit = add_credit(seller, "10.00")
    sell(seller, "45.00")
    reverse(credit)
    assert _told(seller) == [LOW, RECOVERED, LOW]


def test_an_approval_tells_of_both_in_one_transaction(alerted: Caller, seller: Seller, credit_approver: Caller) -> None:
    sell(seller, "50.00")
    request = file_request(seller, "20.00")

    assert credit_approver.post(f"credit-requests/{request.pk}/approve/", {}).status == 200

    newest = Event.objects.filter(seller_id=seller.pk).order_by("-sequence").values_list("type", flat=True)[:2]
    assert list(newest) == ["credit_request.approved", RECOVERED]


@pytest.mark.parametrize(
    ("alerts", "told"),
    [
        (["100.01"], [LOW]),
        (["100.00"], []),
        (["100.01", "200.00"], [LOW]),
        (["100.01", "99.00"], [LOW, RECOVERED]),
        (["100.01", None], [LOW, RECOVERED]),
        (["100.01", None, "100.01"], [LOW, RECOVERED, LOW]),
        ([None], []),
    ],
)
def test_a_new_alert_is_compared_with_the_balance_at_once(
    owner: Caller, seller: Seller, alerts: list[str | None], told: list[str]
) -> None:
    for alert in alerts:
        _set_alert(owner, alert)

    assert _told(seller) == told


def test_a_charge_that_passes_no_alert_asks_no_more_than_before_and_one_that_does_once_more(
    alerted: Caller, django_assert_num_queries: object
) -> None:
    keys = count()

    def queries_of(amount: str) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            assert alerted.charge(amount, key=str(next(keys))).status == 201
        return [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]

    plain = queries_of("1.00")
    passing = queries_of("50.00")
    after = queries_of("1.00")

    assert len(plain) == len(after) <= CHARGE_QUERIES
    assert len(passing) == len(plain) + 2  # the event, and a look for webhooks that want it
    assert sum("outbox_record" in sql for sql in passing) == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_charges_at_once_tell_it_once() -> None:
    seller = make_seller(balance="100.00")
    owner = log_in(owner_of(seller))
    _set_alert(owner, "60.00")

    answers = race(*(partial(owner.charge, "4.00", key=str(number)) for number in range(20)))

    assert {answer.status for answer in answers} == {201}
    assert _told(seller) == [LOW]
    assert_ledger_consistent()


@pytest.mark.django_db(transaction=True)
def test_charges_credits_and_changes_of_the_alert_at_once_keep_the_order() -> None:
    seller = make_seller(balance="100.00")
    owner = log_in(owner_of(seller))
    approver = log_in(make_staff("credit_approver"))
    requests = [file_request(seller, "30.00").pk for _ in range(4)]

    def approve(request_id: UUID) -> int:
        return approver.post(f"credit-requests/{request_id}/approve/", {}).status

    def alert(amount: str) -> int:
        return owner.patch("sellers/me/", {"low_balance_alert": amount}).status

    statuses = race(
        *(partial(approve, request_id) for request_id in requests),
        *(partial(alert, amount) for amount in ("50.00", "80.00", "100.00")),
        *(lambda: owner.charge("12.00").status for _ in range(8)),
    )

    assert set(statuses) <= {200, 201}
    told = _told(seller)
    wallet = Wallet.objects.select_related("seller").get(pk=seller.pk)
    assert wallet.seller.low_balance_alert is not None
    assert (len(told) % 2 == 1) is (wallet.balance < wallet.seller.low_balance_alert)
    assert_ledger_consistent()


@pytest.mark.parametrize("value", ["0", "-1", "NaN", "1.005", "1000000000000.00", "", [], "\u06f1\u06f0"], ids=repr)
def test_another_value_is_refused(owner: Caller, value: object) -> None:
    with nothing_changes():
        assert_invalid(owner.patch("sellers/me/", {"low_balance_alert": value}), "low_balance_alert")


def test_it_is_the_sellers_own(admin: Caller, operator: Caller, seller: Seller) -> None:
    with nothing_changes():
        answer = admin.patch(f"sellers/{seller.pk}/", {"low_balance_alert": "5.00"})
        assert answer.codes == {("low_balance_alert", "read_only")}
        assert_problem(operator.patch("sellers/me/", {"low_balance_alert": "5.00"}), 403, "permission_denied")


def test_it_is_in_the_audit_trail(alerted: Caller) -> None:
    assert AuditEvent.objects.latest("pk").detail == "low_balance_alert: 60.00"
