"""Plan of the sales: each follows from the seed and its number alone.

So each worker works out its own share, any number of workers sells the same things,
and the credit that the sales need is known before the first one.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

SMALLEST_AMOUNT_CENTS = 100
LARGEST_AMOUNT_CENTS = 5_000
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class SalesPlan:
    """The sales of one run.

    ``run_id`` keeps the keys of two runs apart, ``seed`` makes amounts and phone
    numbers repeatable. Sales go to the sellers in turn.
    """

    run_id: str
    seed: int
    seller_count: int
    sale_count: int
    replay_fraction: float


@dataclass(frozen=True, slots=True)
class Sale:
    """One sale to make; with ``replay`` it is sent again afterwards, on purpose."""

    seller_index: int
    key: str
    amount: Decimal
    phone_number: str
    phone_number_e164: str
    replay: bool


def plan_sale(plan: SalesPlan, number: int) -> Sale:
    """Return sale ``number`` (from 0) of the plan."""
    # Repeatable, not secret. A string seeds alike in every process and version.
    dice = random.Random(f"{plan.seed}:{number}")
    cents = dice.randint(SMALLEST_AMOUNT_CENTS, LARGEST_AMOUNT_CENTS)
    subscriber = f"912{dice.randrange(10**7):07d}"
    return Sale(
        seller_index=number % plan.seller_count,
        key=f"{plan.run_id}-{number}",
        amount=cents * CENT,
        phone_number=dice.choice(("0", "+98")) + subscriber,
        phone_number_e164=f"+98{subscriber}",
        replay=dice.random() < plan.replay_fraction,
    )


def plan_sales(plan: SalesPlan, first: int, last: int) -> Iterator[Sale]:
    """Yield the sales numbered ``first`` up to, not including, ``last``."""
    return (plan_sale(plan, number) for number in range(first, last))


def money_needed(plan: SalesPlan) -> list[Decimal]:
    """Return the sum of the planned sales of each seller."""
    needed = [Decimal("0.00")] * plan.seller_count
    for sale in plan_sales(plan, 0, plan.sale_count):
        needed[sale.seller_index] += sale.amount
    return needed


def share_out(count: int, workers: int) -> list[tuple[int, int]]:
    """Split ``count`` sales into at most ``workers`` even, adjoining ranges.

    Adjoining, because neighbours belong to different sellers: every worker then sells
    for every seller, and the workers meet at the same wallets.
    """
    workers = max(1, min(workers, count))
    edges = [count * index // workers for index in range(workers + 1)]
    return list(pairwise(edges))
