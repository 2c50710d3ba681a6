"""Two sellers, ten credit increases, a thousand sales, and the exact balances left."""

from collections import Counter
from decimal import Decimal
from functools import partial

from apps.testing.factories import claims_of, file_request, log_in, make_seller, make_staff, owner_of
from apps.testing.invariants import assert_ledger_consistent
from apps.testing.races import race
from apps.testing.sellers_at_work import sell_many
from apps.transactions.models import EntryType, LedgerEntry, Wallet

CREDITS = [("1000.10", "250.25", "99.99", "500.00", "149.66"), ("2000.00", "0.01", "100.99", "300.00", "99.00")]
SALE, SALES, THREADS = "1.37", 500, 2
LEFT = [Decimal("1315.00"), Decimal("1815.00")]  # 2000.00 and 2500.00 less 500 times 1.37


def test_a_thousand_sales_leave_exactly_what_ten_credits_less_their_sum_is(transactional_db: None) -> None:
    sellers = [make_seller() for _ in CREDITS]
    approver = log_in(make_staff("credit_approver"))
    for seller, amounts in zip(sellers, CREDITS, strict=True):
        for amount in amounts:
            path = f"credit-requests/{file_request(seller, amount).pk}/approve/"
            assert approver.post(path).status == 200

    claims = [[claims_of(owner_of(seller))] for seller in sellers] * THREADS
    sold = race(*(partial(sell_many, each, SALES // THREADS, SALE) for each in claims))

    assert sum(sold, Counter()) == {"ok": 2 * SALES}
    assert [Wallet.objects.get(pk=seller.pk).balance for seller in sellers] == LEFT
    for seller in sellers:
        entries = LedgerEntry.objects.filter(seller=seller)
        assert entries.filter(type=EntryType.CHARGE_SALE, amount=Decimal(SALE)).count() == SALES
        assert entries.filter(type=EntryType.CREDIT_INCREASE).count() == 5
    assert_ledger_consistent()

    verdict = log_in(make_staff("auditor")).get("reconciliation/").body
    assert verdict["is_reconciled"] is True
    assert verdict["trial_balance"] == {
        "platform:funding": "4500.00",
        "platform:charge_sales": "-1370.00",
        "wallets": "-3130.00",
    }
