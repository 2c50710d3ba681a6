"""The row lock: what would happen without it, and what waiting for it costs at most."""

from collections.abc import Iterator
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from apps.testing.api import Answer, assert_problem
from apps.testing.factories import add_credit, file_request, log_in, make_seller, make_staff, owner_of, sell
from apps.testing.invariants import assert_ledger_consistent, nothing_changes
from apps.testing.races import outcome, race, wallet_locked_elsewhere
from apps.transactions.charges import services
from apps.transactions.ledger import locking
from apps.transactions.ledger.write import write_entries
from apps.transactions.models import Wallet

pytestmark = pytest.mark.django_db(transaction=True)


def test_without_the_lock_the_database_refuses_a_sale_from_a_stale_balance(monkeypatch: pytest.MonkeyPatch) -> None:
    seller = make_seller(balance="100.00")
    both_have_read = Barrier(2)

    def write_late(*args: Any) -> None:
        both_have_read.wait(timeout=10)
        write_entries(*args)

    monkeypatch.setattr(locking, "_lock_statement", lambda: "SELECT %s, %s, %s")
    monkeypatch.setattr(services, "write_entries", write_late)

    results = race(*[partial(outcome, partial(sell, seller, "60.00"))] * 2)

    assert sorted(results) == ["IntegrityError", "ok"]
    assert_ledger_consistent()
    assert Wallet.objects.get(pk=seller.pk).balance == 40


@pytest.fixture
def _short_patience() -> Iterator[None]:
    """Let the test's connection wait 100 ms for a lock instead of 2 s."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    yield
    connection.close()


@pytest.mark.usefixtures("_short_patience")
class TestALockThatIsNotGrantedInTime:
    """503: nothing happened, come back."""

    @staticmethod
    def _assert_busy(answer: Answer) -> None:
        assert_problem(answer, 503, "temporarily_unavailable")
        assert int(answer.headers["Retry-After"]) >= 1

    def test_makes_a_charge_answer_503_and_leaves_its_key_free(self) -> None:
        seller = make_seller(balance="100.00")
        caller = log_in(owner_of(seller))

        with nothing_changes(), wallet_locked_elsewhere(seller.pk):
            self._assert_busy(caller.charge(key="k"))

        again = caller.charge(key="k")
        assert (again.status, again.headers.get("Idempotent-Replayed")) == (201, None)

    def test_makes_an_approval_answer_503_and_leaves_the_request_pending(self) -> None:
        seller = make_seller()
        request = file_request(seller)
        approver = log_in(make_staff("credit_approver"))

        with nothing_changes(), wallet_locked_elsewhere(seller.pk):
            self._assert_busy(approver.post(f"credit-requests/{request.pk}/approve/"))

        assert approver.post(f"credit-requests/{request.pk}/approve/").status == 200

    def test_makes_a_reversal_answer_503(self) -> None:
        seller = make_seller()
        entry = add_credit(seller, "5.00")
        admin = log_in(make_staff("admin"))

        with nothing_changes(), wallet_locked_elsewhere(seller.pk):
            self._assert_busy(admin.post(f"transactions/{entry.pk}/reverse/", {"reason": "x"}))

    def test_does_not_concern_another_seller(self) -> None:
        busy, idle = make_seller(balance="1.00"), make_seller(balance="1.00")

        with wallet_locked_elsewhere(busy.pk):
            answer = log_in(owner_of(idle)).charge("1.00")

        assert answer.status == 201

    def test_does_not_concern_a_repeat_of_what_was_sold(self) -> None:
        seller = make_seller(balance="1.00")
        caller = log_in(owner_of(seller))
        sold = caller.charge("1.00", key="k")

        with wallet_locked_elsewhere(seller.pk):
            again = caller.charge("1.00", key="k")

        assert (again.status, again.body, again.headers["Idempotent-Replayed"]) == (201, sold.body, "true")

    def test_does_not_concern_readers_and_profile_changes(self) -> None:
        seller = make_seller(balance="1.00")
        caller = log_in(owner_of(seller))

        with wallet_locked_elsewhere(seller.pk):
            assert caller.get("sellers/me/balance/").status == 200
            assert caller.patch("sellers/me/", {"email": "new@example.com"}).status == 200
