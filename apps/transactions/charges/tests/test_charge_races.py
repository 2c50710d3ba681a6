"""Sales that race, in threads, over HTTP and against real locks.

Seen to fail without what they are here for: see the commit that added them.
"""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from itertools import chain

import pytest

from apps.testing.api import Answer, Caller
from apps.testing.factories import claims_of, log_in, make_seller, owner_of, reverse, sell
from apps.testing.invariants import assert_ledger_consistent
from apps.testing.races import outcome, race, race_processes
from apps.testing.sellers_at_work import sell_many
from apps.transactions.models import LedgerEntry, Wallet

pytestmark = pytest.mark.django_db(transaction=True)


def _sales_of(caller: Caller, count: int, amount: str) -> Callable[[], list[Answer]]:
    return lambda: [caller.charge(amount) for _ in range(count)]


def test_two_hundred_sales_of_one_on_a_hundred_sell_exactly_a_hundred_in_threads() -> None:
    seller = make_seller(balance="100.00")
    caller = log_in(owner_of(seller))

    answers = list(chain.from_iterable(race(*[_sales_of(caller, 20, "1.00")] * 10)))

    assert Counter(answer.status for answer in answers) == {201: 100, 409: 100}
    assert {answer.body["code"] for answer in answers if answer.status == 409} == {"insufficient_balance"}
    assert Wallet.objects.get(pk=seller.pk).balance == 0
    assert_ledger_consistent()


def test_two_hundred_sales_of_one_on_a_hundred_sell_exactly_a_hundred_in_processes() -> None:
    seller = make_seller(balance="100.00")

    sold = race_processes(sell_many, [([claims_of(owner_of(seller))], 50, "1.00")] * 4)

    assert sum(sold, Counter()) == {"ok": 100, "insufficient_balance": 100}
    assert Wallet.objects.get(pk=seller.pk).balance == 0
    assert_ledger_consistent()


def test_processes_that_sell_for_several_sellers_lose_nothing_and_mix_nothing_up() -> None:
    sellers = [make_seller(balance="50.00") for _ in range(3)]
    claims = [claims_of(owner_of(seller)) for seller in sellers]

    sold = race_processes(sell_many, [(claims, 60, "0.50"), (claims[::-1], 60, "0.50")])

    assert sum(sold, Counter()) == {"ok": 120}
    assert [Wallet.objects.get(pk=seller.pk).balance for seller in sellers] == [Decimal("30.00")] * 3
    assert_ledger_consistent()


def test_threads_that_sell_reverse_and_read_on_several_wallets_do_not_deadlock() -> None:
    sellers = [make_seller(balance="100.00") for _ in range(3)]
    callers = [log_in(owner_of(seller)) for seller in sellers]
    sold = [sell(seller, "5.00") for seller in sellers]

    def work(first: int) -> list[str]:
        order = [(first + step) % 3 for step in range(3)]
        sales = [f"sale {callers[number].charge('1.00').status}" for number in order]
        reversals = [f"reversal {outcome(partial(reverse, sold[number]))}" for number in order]
        return [*sales, *reversals, *(f"read {callers[number].get('sellers/me/balance/').status}" for number in order)]

    results = Counter(chain.from_iterable(race(*(partial(work, number) for number in range(9)))))

    assert results == {"sale 201": 27, "reversal ok": 3, "reversal already_reversed": 24, "read 200": 27}
    assert [Wallet.objects.get(pk=seller.pk).balance for seller in sellers] == [Decimal("91.00")] * 3
    assert_ledger_consistent()


def test_twenty_sends_of_one_key_make_one_charge_and_twenty_equal_answers() -> None:
    seller = make_seller(balance="100.00")
    caller = log_in(owner_of(seller))

    answers = race(*[lambda: caller.charge("10.00", key="only-once")] * 20)

    assert {answer.status for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Counter(answer.headers.get("Idempotent-Replayed") for answer in answers) == {None: 1, "true": 19}
    assert Wallet.objects.get(pk=seller.pk).balance == Decimal("90.00")
    assert LedgerEntry.objects.filter(seller=seller, idempotency_key="only-once").count() == 1
    assert_ledger_consistent()


def test_twenty_sends_of_one_key_that_the_balance_allows_once_all_succeed() -> None:
    seller = make_seller(balance="10.00")
    caller = log_in(owner_of(seller))

    answers = race(*[lambda: caller.charge("10.00", key="k")] * 20)

    assert {answer.status for answer in answers} == {201}
    assert Wallet.objects.get(pk=seller.pk).balance == 0
    assert_ledger_consistent()


def test_one_key_raced_with_two_payloads_sells_one_of_them() -> None:
    seller = make_seller(balance="100.00")
    caller = log_in(owner_of(seller))

    answers = race(*[lambda: caller.charge("1.00", key="k"), lambda: caller.charge("2.00", key="k")] * 5)

    assert Counter(answer.status for answer in answers) == {201: 5, 422: 5}
    amounts = {answer.body["amount"] for answer in answers if answer.status == 201}
    assert len(amounts) == 1
    assert Wallet.objects.get(pk=seller.pk).balance == 100 - Decimal(amounts.pop())
    assert_ledger_consistent()


def test_one_key_of_two_sellers_raced_is_two_keys() -> None:
    sellers = [make_seller(balance="10.00") for _ in range(2)]
    callers = [log_in(owner_of(seller)) for seller in sellers]

    answers = race(*[lambda: callers[0].charge("1.00", key="k"), lambda: callers[1].charge("1.00", key="k")] * 5)

    assert {answer.status for answer in answers} == {201}
    assert [Wallet.objects.get(pk=seller.pk).balance for seller in sellers] == [Decimal("9.00")] * 2


def test_the_daily_limit_holds_when_raced() -> None:
    seller = make_seller(balance="100.00", daily_limit="10.00")
    caller = log_in(owner_of(seller))

    answers = race(*[lambda: caller.charge("1.00")] * 20)

    assert Counter(answer.body.get("code") for answer in answers) == {None: 10, "daily_limit_exceeded": 10}
    assert Wallet.objects.get(pk=seller.pk).balance == Decimal("90.00")
    assert_ledger_consistent()


def test_twenty_reversals_of_one_sale_reverse_it_once() -> None:
    seller = make_seller(balance="10.00")
    entry = sell(seller, "4.00")

    results = race(*[partial(outcome, partial(reverse, entry))] * 20)

    assert Counter(results) == {"ok": 1, "already_reversed": 19}
    assert Wallet.objects.get(pk=seller.pk).balance == Decimal("10.00")
    assert_ledger_consistent()
