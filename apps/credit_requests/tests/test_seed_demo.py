"""manage.py seed_demo."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from apps.accounts.models import Seller, User
from apps.accounts.sessions.login_events import Door
from apps.accounts.sessions.services import open_session
from apps.credit_requests.models import CreditRequest
from apps.testing.invariants import assert_ledger_consistent, nothing_changes, snapshot
from apps.transactions.models import EntryType, LedgerEntry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _cheap_password_hashing(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def seed() -> dict[str, str]:
    """Run the command and return the passwords that it printed."""
    out = StringIO()
    call_command("seed_demo", stdout=out)
    rows = [line.split() for line in out.getvalue().splitlines() if line.startswith("demo-")]
    return {row[0]: row[1] for row in rows}


def test_it_makes_something_of_everything() -> None:
    seed()
    assert set(Seller.objects.values_list("status", flat=True)) == set(Seller.Status.values)
    assert set(CreditRequest.objects.values_list("status", flat=True)) == set(CreditRequest.Status.values) - {
        "awaiting_second_approval"
    }  # four eyes are off by default
    assert set(LedgerEntry.objects.values_list("type", flat=True)) == set(EntryType.values)
    assert set(User.objects.exclude(seller=None).values_list("seller_role", flat=True)) == {
        "owner",
        "operator",
        "viewer",
    }
    assert_ledger_consistent()


def test_the_printed_logins_work() -> None:
    for username, password in seed().items():
        staff = User.objects.get(username=username).is_staff
        assert open_session(username=username, password=password, door=Door.STAFF if staff else Door.SELLER).access


def test_again_it_adds_nothing_but_new_passwords() -> None:
    first = seed()
    before = snapshot()
    second = seed()
    after = snapshot()
    for name in ("accounts.Seller", "transactions.Wallet", "transactions.LedgerEntry", "credit_requests.CreditRequest"):
        assert after[name] == before[name]
    assert first.keys() == second.keys()
    assert not set(first.values()) & set(second.values())


def test_it_refuses_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "config.settings.production")
    with nothing_changes(), pytest.raises(CommandError, match=r"config\.settings\.local only"):
        call_command("seed_demo")
