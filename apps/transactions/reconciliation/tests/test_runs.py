"""Runs of reconciliation: recorded alike for command, API and back office, and null where they did not check."""

import json
from decimal import Decimal
from functools import partial

import pytest

from apps.accounts.models import AuditAction, AuditEvent, Seller
from apps.testing.api import Caller
from apps.testing.back_office import desk
from apps.testing.command_calls import run_command
from apps.testing.factories import log_in, make_seller, make_staff, sell
from apps.testing.forgery import change_phone_number, set_wallet
from apps.transactions.metrics import reconciliation_gauges
from apps.transactions.models import ReconciliationRun
from apps.transactions.reconciliation.reconcile import Reconciliation, reconcile_all
from apps.transactions.reconciliation.runs import record_run

pytestmark = pytest.mark.django_db(transaction=True)

reconcile = partial(run_command, "reconcile_balances")


@pytest.fixture
def seller() -> Seller:
    """A seller with three entries."""
    seller = make_seller(balance="100.00")
    sell(seller, "10.00")
    sell(seller, "10.00")
    return seller


def newest_run() -> tuple[object, ...]:
    run = ReconciliationRun.objects.latest("pk")
    return run.sellers_checked, run.discrepancies, run.trial_balance_total, run.chain_verified, run.is_reconciled


def newest_line() -> AuditEvent:
    [line] = AuditEvent.objects.filter(subject_id=str(ReconciliationRun.objects.latest("pk").pk))
    assert line.action == AuditAction.RECONCILE_ALL
    return line


def discrepancies_gauge() -> float:
    [value] = [
        sample.value
        for metric in reconciliation_gauges()
        for sample in metric.samples
        if sample.name == "sharj_reconciliation_discrepancies"
    ]
    return value


@pytest.mark.parametrize("arguments", [(), ("--report",), ("--json",)])
def test_a_full_run_of_the_command_checks_everything(seller: Seller, arguments: tuple[str, ...]) -> None:
    assert reconcile(*arguments)[0] == 0
    assert newest_run() == (1, 0, 0, True, True)
    assert (newest_line().actor, newest_line().detail) == (None, "agrees")


def test_a_forged_hash_is_a_verdict_of_a_full_run(seller: Seller) -> None:
    change_phone_number(seller)
    assert reconcile()[0] == 1
    assert newest_run() == (1, 0, 0, False, False)
    assert newest_line().detail == "does not agree"


def test_an_incremental_run_leaves_hashes_and_the_trial_balance_open(seller: Seller) -> None:
    change_phone_number(seller)
    code, text = reconcile("--incremental", "--json")
    summary = json.loads(text)["summary"]
    assert (code, summary["chain_verified"], summary["is_reconciled"]) == (0, None, None)
    assert newest_run() == (1, 0, None, None, None)
    assert (newest_line().actor, newest_line().detail) == (None, "agrees as far as checked")
    assert "Chain of entries: not checked." in reconcile("--incremental")[1]


def test_an_incremental_run_that_finds_something_says_so(seller: Seller) -> None:
    set_wallet(seller, "81.00", 3)
    assert reconcile("--incremental")[0] == 1
    assert newest_run() == (1, 1, None, None, False)


@pytest.mark.parametrize(
    ("trial_balance", "chain_verified", "verdict"),
    [
        ({}, True, True),
        (None, True, None),
        ({}, None, None),
        ({"wallets": Decimal(1)}, True, False),
        ({"wallets": Decimal(1)}, None, False),
        (None, False, False),
    ],
)
def test_a_verdict_needs_every_check(
    trial_balance: dict[str, Decimal] | None, chain_verified: bool | None, verdict: bool | None
) -> None:
    assert Reconciliation(1, [], trial_balance, chain_verified).is_reconciled is verdict


def test_a_run_over_one_seller_is_not_recorded(seller: Seller) -> None:
    code, text = reconcile("--seller-id", str(seller.pk), "--json")
    assert (code, json.loads(text)["summary"]["is_reconciled"]) == (0, True)
    assert not ReconciliationRun.objects.exists()


def test_a_run_of_the_api_is_recorded(seller: Seller) -> None:
    auditor = make_staff("auditor")
    caller: Caller = log_in(auditor)
    assert caller.get("reconciliation/").body["is_reconciled"] is True
    assert newest_run() == (1, 0, 0, True, True)
    assert ReconciliationRun.objects.latest("pk").run_by == auditor
    assert (newest_line().actor, newest_line().detail) == (auditor, "agrees")


def test_a_run_of_the_back_office_is_recorded(seller: Seller) -> None:
    auditor = desk("auditor")
    auditor.post("transactions_reconciliationrun_run", data={})
    assert newest_run() == (1, 0, 0, True, True)
    assert (newest_line().actor, newest_line().detail) == (auditor.user, "agrees")


def test_the_back_office_shows_what_was_not_checked(seller: Seller) -> None:
    reconcile("--incremental")
    page = desk("auditor").get("transactions_reconciliationrun_changelist").content.decode()
    assert "agrees as far as checked" in page


def test_a_run_and_its_line_are_kept_together(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*args: object, **kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("apps.accounts.audit.record", crash)
    with pytest.raises(RuntimeError):
        record_run(reconcile_all(), seconds=0.0)
    assert not ReconciliationRun.objects.exists()


def test_an_incremental_run_does_not_clear_the_alarm_of_a_full_one(seller: Seller) -> None:
    reconcile("--incremental")
    assert discrepancies_gauge() == 0
    change_phone_number(seller)
    reconcile()
    assert discrepancies_gauge() == 1
    reconcile("--incremental")
    assert discrepancies_gauge() == 1
