"""Above the review amount a reversal is proposed by one admin and made by the same call of another."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import AuditEvent, Proposal, Seller
from apps.accounts.proposals import services as proposals
from apps.testing.api import Answer, Caller, assert_problem
from apps.testing.back_office import desk
from apps.testing.constraints import database_as, not_permitted, refused_by
from apps.testing.factories import log_in, make_proposal, make_seller, make_staff, sell
from apps.testing.invariants import assert_ledger_consistent, nothing_changes
from apps.testing.races import race
from apps.transactions.models import LedgerEntry, Wallet

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _limit(settings: Settings) -> None:
    settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT = Decimal("10.00")


@pytest.fixture
def second(db: None) -> Caller:
    return log_in(make_staff("admin"))


@pytest.fixture
def rich(settings: Settings) -> Seller:
    """A seller with 100.00, which one approver could not give it under the limit."""
    settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT = None
    seller = make_seller(balance="100.00")
    settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT = Decimal("10.00")
    return seller


def reverse(admin: Caller, entry: LedgerEntry) -> Answer:
    return admin.post(f"transactions/{entry.pk}/reverse/", {"reason": "wrong number"})


def test_the_first_call_proposes_and_anothers_reverses(admin: Caller, second: Caller, rich: Seller) -> None:
    sale = sell(rich, "10.01")
    with nothing_changes():
        proposed = reverse(admin, sale)
        assert_problem(reverse(admin, sale), 409, "second_approver_needed")
    assert proposed.status == 202
    assert proposed.body.keys() == {
        "id", "status", "action", "subject_id", "terms", "proposed_by", "proposed_at", "expires_at",
    }  # fmt: skip
    told = {name: proposed.body[name] for name in ("status", "action", "subject_id", "terms", "proposed_by")}
    assert told == {
        "status": "awaiting_second_approval", "action": "reverse", "subject_id": str(sale.pk), "terms": "amount: 10.01",
        "proposed_by": admin.get("auth/me/").body["id"],
    }  # fmt: skip
    reversal = reverse(second, sale)
    assert (reversal.status, reversal.body["created_by"]) == (201, second.get("auth/me/").body["id"])
    assert Wallet.objects.get(pk=rich.pk).balance == 100
    assert_problem(reverse(admin, sale), 409, "already_reversed")
    lines = AuditEvent.objects.filter(subject_id=str(sale.pk)).order_by("pk").values_list("action", "detail")
    assert list(lines) == [("propose", "reverse; amount: 10.01"), ("reverse", "wrong number")]
    assert_ledger_consistent()


def test_a_large_reversal_cannot_be_split(admin: Caller, rich: Seller) -> None:
    assert [reverse(admin, sell(rich, "6.00")).status for _ in range(3)] == [201, 202, 202]
    assert reverse(admin, sell(rich, "4.00")).status == 201


def test_what_two_reversed_is_nobodys_alone(admin: Caller, second: Caller, rich: Seller) -> None:
    large = sell(rich, "50.00")
    assert [reverse(admin, large).status, reverse(second, large).status] == [202, 201]
    assert reverse(second, sell(rich, "10.00")).status == 201


def test_a_small_reversal_that_one_could_not_make_is_confirmed(admin: Caller, second: Caller, rich: Seller) -> None:
    reverse(admin, sell(rich, "8.00"))
    sale = sell(rich, "8.00")
    assert [reverse(admin, sale).status, reverse(second, sale).status] == [202, 201]
    assert Proposal.objects.get().confirmed_at is not None
    assert reverse(second, sell(rich, "10.00")).status == 201


def test_a_proposal_lasts_a_day(admin: Caller, second: Caller, rich: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    sale = sell(rich, "20.00")
    reverse(admin, sale)
    later = timezone.now() + timedelta(days=1, seconds=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert not proposals.open_proposals().exists()
    monkeypatch.undo()
    assert reverse(second, sale).status == 201


def test_without_the_rule_one_is_enough(admin: Caller, rich: Seller, settings: Settings) -> None:
    settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT = None
    assert reverse(admin, sell(rich, "50.00")).status == 201


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_at_once_one_proposes_and_one_reverses(rich: Seller) -> None:
    sale = sell(rich, "50.00")
    callers = [log_in(make_staff("admin")) for _ in range(2)]
    assert sorted(race(*[lambda caller=caller: reverse(caller, sale).status for caller in callers])) == [201, 202]
    assert_ledger_consistent()


@pytest.mark.django_db(transaction=True)
def test_reversals_at_once_cannot_each_take_the_whole_limit(rich: Seller) -> None:
    admin, sales = log_in(make_staff("admin")), [sell(rich, "10.00") for _ in range(5)]
    statuses = race(*[lambda sale=sale: reverse(admin, sale).status for sale in sales])
    assert sorted(statuses) == [201] + [202] * 4


def test_the_console_proposes_names_the_first_and_reverses(rich: Seller) -> None:
    sale, first, second = sell(rich, "50.00"), desk("admin"), desk("admin")
    first.act("transactions_ledgerentry", "reverse", sale, reason="wrong")
    assert any("another user must take the same step" in message for message in first.messages())
    page = second.act("transactions_ledgerentry", "reverse", sale, confirmed=False).content.decode()
    assert f"Proposed by:</strong> {first.user.username}" in page
    home = second.get("index").content.decode()
    assert "Steps that need a second person" in home
    assert first.user.username in home
    second.act("transactions_ledgerentry", "reverse", sale, reason="wrong")
    assert Wallet.objects.get(pk=rich.pk).balance == 100


@pytest.mark.django_db(transaction=True)
def test_the_database_lets_a_proposal_only_be_confirmed_once_by_another(rich: Seller) -> None:
    proposal, other, third = make_proposal(sell(rich)), make_staff("admin"), make_staff("admin")
    change = "UPDATE accounts_proposal SET {} WHERE id = %s"
    with refused_by("proposal_two_differ"), database_as("app") as cursor:
        cursor.execute(change.format("confirmed_by_id = proposed_by_id, confirmed_at = now()"), [str(proposal.pk)])
    with refused_by("proposal_two_differ"), database_as("app") as cursor:
        cursor.execute(change.format("confirmed_at = now()"), [str(proposal.pk)])
    with refused_by("proposal_is_only_confirmed"), database_as("app") as cursor:
        cursor.execute(change.format("proposed_by_id = %s"), [str(other.pk), str(proposal.pk)])
    with refused_by("proposal_is_only_confirmed"), database_as("app") as cursor:
        cursor.execute(change.format("terms = 'amount: 2.00'"), [str(proposal.pk)])
    with not_permitted(), database_as("app") as cursor:
        cursor.execute("DELETE FROM accounts_proposal")
    confirm = change.format("confirmed_by_id = %s, confirmed_at = now()")
    with database_as("app") as cursor:
        cursor.execute(confirm, [str(other.pk), str(proposal.pk)])
    with refused_by("proposal_is_only_confirmed"), database_as("app") as cursor:
        cursor.execute(confirm, [str(third.pk), str(proposal.pk)])
