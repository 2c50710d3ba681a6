"""Pairs of use cases, the first one held before each of its statements and before its commit while the second runs.

At every moment, both end as they would one after the other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import count

import pytest

from apps.accounts.models import Seller, User
from apps.accounts.sellers.services import suspend_seller, update_seller
from apps.accounts.sessions.tokens import Claims
from apps.credit_requests.models import CreditRequest
from apps.credit_requests.services import approve_credit_request, cancel_credit_request, reject_credit_request
from apps.testing.api import PHONE
from apps.testing.factories import claims_of, file_request, make_seller, make_staff, owner_of
from apps.testing.invariants import assert_ledger_consistent
from apps.testing.races import outcome
from apps.testing.tests.interleaving import interleave
from apps.transactions.charges.services import sell_charge
from apps.transactions.entries.services import reverse_entry
from apps.transactions.models import LedgerEntry, Wallet
from apps.transactions.reconciliation.verification import Verification

# own_connection: whether an act waits for a lock is asked of PostgreSQL by the pid of its session.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.own_connection]

Act = Callable[[], object]


@dataclass
class Scene:
    """A seller with 10.00 and a pending request for 10.00."""

    seller: Seller
    owner: User
    claims: Claims
    staff: User
    request: CreditRequest

    def charge(self, amount: str, key: str = "") -> object:
        return sell_charge(claims=self.claims, phone_number=PHONE, amount=Decimal(amount), idempotency_key=key)

    def act(self, name: str) -> Act:
        """Return what `name` does to the scene."""
        request, first = self.request.pk, LedgerEntry.objects.get(seller=self.seller, sequence=1).pk
        acts: Mapping[str, Act] = {
            "charge": partial(self.charge, "6.00"),
            "large charge": partial(self.charge, "15.00"),
            "keyed charge": partial(self.charge, "4.00", "k"),
            "approve": partial(approve_credit_request, credit_request_id=request, approved_by=self.staff),
            "reject": partial(reject_credit_request, credit_request_id=request, rejected_by=self.staff, reason="no"),
            "cancel": partial(cancel_credit_request, credit_request_id=request, cancelled_by=self.owner),
            "suspend": partial(suspend_seller, seller_id=self.seller.pk, changed_by=self.staff),
            "limit": partial(
                update_seller, seller_id=self.seller.pk, changes={"daily_limit": Decimal(5)}, changed_by=self.staff
            ),
            "reverse": partial(reverse_entry, entry_id=first, reason="no", reversed_by_id=self.staff.pk),
        }
        return acts[name]

    def state(self) -> tuple[object, ...]:
        """Return the state that both acts could have changed."""
        wallet = Wallet.objects.select_related("seller").get(pk=self.seller.pk)
        status = CreditRequest.objects.get(pk=self.request.pk).status
        seller = wallet.seller
        return wallet.balance, wallet.sequence, wallet.spent_today, seller.status, seller.daily_limit, status


def make_scene() -> Scene:
    seller = make_seller(balance="10.00")
    owner = owner_of(seller)
    return Scene(seller, owner, claims_of(owner), make_staff("admin"), file_request(seller, "10.00"))


def one_after_the_other(first: str, second: str) -> tuple[object, ...]:
    scene = make_scene()
    return outcome(scene.act(first)), outcome(scene.act(second)), *scene.state()


PAIRS = [
    ("charge", "charge"),
    ("keyed charge", "keyed charge"),
    ("large charge", "approve"),
    ("charge", "suspend"),
    ("charge", "limit"),
    ("approve", "approve"),
    ("approve", "reject"),
    ("approve", "cancel"),
    ("reverse", "charge"),
    ("reverse", "reverse"),
]
ORDERED = dict.fromkeys(order for pair in PAIRS for order in (pair, pair[::-1]))


@pytest.mark.parametrize(("first", "second"), ORDERED)
def test_every_order_ends_in_a_serial_result(first: str, second: str) -> None:
    there, back = one_after_the_other(first, second), one_after_the_other(second, first)
    serial = {there, (back[1], back[0], *back[2:])}
    for point in count(1):
        scene = make_scene()
        outcomes = interleave(scene.act(first), scene.act(second), point)
        if outcomes is None:
            break
        assert (*outcomes, *scene.state()) in serial, f"held before statement {point}"
    assert point > 1
    assert_ledger_consistent()
    assert Verification().run().problems == []
