"""The work of the processes of a race, in a module that a new process can import."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from apps.accounts.sessions.tokens import Claims
from apps.testing.api import PHONE
from apps.testing.races import outcome
from apps.transactions.charges.services import sell_charge


def sell_many(claims: Sequence[Claims], count: int, amount: str) -> Counter[str]:
    """Sell `count` charges, for each seller in turn; return the number of each outcome."""
    sale = partial(sell_charge, phone_number=PHONE, amount=Decimal(amount))
    return Counter(outcome(partial(sale, claims=claims[number % len(claims)])) for number in range(count))
