"""The work of the processes of a mixed load, in a module that a new process can import."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.accounts.sellers import services as accounts
from apps.accounts.sessions.tokens import Claims
from apps.credit_requests import services as credit
from apps.credit_requests.models import CreditRequest
from apps.testing.api import PHONE
from apps.testing.races import outcome
from apps.transactions.charges import services as sales
from apps.transactions.entries.services import reverse_entry
from apps.transactions.models import LedgerEntry

AMOUNTS = [Decimal(text) for text in ("0.50", "1.00", "2.00", "20.00")]


WEIGHTS = {"charge": 50, "ask": 15, "decide": 20, "reverse": 8, "change_status": 5, "change_limit": 2}

Act = Callable[[], object]


def work(seed: int, claims: Sequence[Claims], staff_id: UUID, operations: int) -> Counter[str]:
    """Do random things to the sellers of `claims`, the same for the same seed; return the number of each outcome."""
    chance = random.Random(seed)
    staff = User.objects.get(pk=staff_id)
    people = [Person(chance, each, User.objects.get(pk=each.user_id), staff) for each in claims]
    ended: Counter[str] = Counter()
    for _ in range(operations):
        person = chance.choice(people)
        [name] = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
        act: Act | None = getattr(person, name)()
        ended[f"{name}: {outcome(act) if act else 'nothing to do'}"] += 1
    return ended


@dataclass
class Person:
    """A user of one seller, and a member of staff."""

    chance: random.Random
    claims: Claims
    owner: User
    staff: User

    @property
    def seller_id(self) -> UUID:
        """The seller."""
        assert self.claims.seller_id is not None
        return self.claims.seller_id

    def charge(self) -> Act:
        key = self.chance.choice(["", f"k{self.chance.randrange(200)}"])
        amount = self.chance.choice(AMOUNTS)
        return partial(sales.sell_charge, claims=self.claims, phone_number=PHONE, amount=amount, idempotency_key=key)

    def ask(self) -> Act:
        return partial(credit.submit_credit_request, requested_by=self.owner, amount=self.chance.choice(AMOUNTS))

    def decide(self) -> Act | None:
        request_id = self._any(CreditRequest.objects.filter(seller_id=self.seller_id))
        approve = partial(
            credit.approve_credit_request,
            credit_request_id=request_id,
            approved_by=self.staff,
            confirm_status="suspended",
        )
        reject = partial(
            credit.reject_credit_request, credit_request_id=request_id, rejected_by=self.staff, reason="no"
        )
        cancel = partial(credit.cancel_credit_request, credit_request_id=request_id, cancelled_by=self.owner)
        return request_id and self.chance.choice([approve, approve, reject, cancel])

    def reverse(self) -> Act | None:
        entry_id = self._any(LedgerEntry.objects.filter(seller_id=self.seller_id))
        return entry_id and partial(reverse_entry, entry_id=entry_id, reason="mistake", reversed_by_id=self.staff.pk)

    def change_status(self) -> Act:
        # Mostly back to active, so that most sales are not refused for it.
        act = self.chance.choice([accounts.suspend_seller, *[accounts.reactivate_seller] * 4])
        return partial(act, seller_id=self.seller_id, changed_by=self.staff)

    def change_limit(self) -> Act:
        limit = self.chance.choice([None, None, Decimal(50), Decimal(500)])
        return partial(
            accounts.update_seller, seller_id=self.seller_id, changes={"daily_limit": limit}, changed_by=self.staff
        )

    def _any(self, rows: "QuerySet[Any]") -> Any:
        """Return the id of one of the newest rows, or None."""
        newest = list(rows.order_by("-pk").values_list("pk", flat=True)[:8])
        return self.chance.choice(newest) if newest else None
