"""Sales of one seller that meet in one process: while one is under way, the others wait and are then sold together.

The next to get the turn sells for all that wait, under one lock and with one commit: each with its own caller, key,
refusal and answer. A sale that meets no other takes the way that it always took.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from django.db import OperationalError, connection

from apps.accounts.sessions.tokens import Claims
from apps.core.database.errors import OutcomeUnknown, is_temporary
from apps.core.observability import request_id
from apps.transactions.charges import services
from apps.transactions.charges.refusals import counting_refusals
from apps.transactions.charges.sales import Sale

# Seconds that a sale waits for its turn: as long as PostgreSQL lets it wait behind another waiter. docs/concurrency.md
TURN_SECONDS = 4.0


@dataclass(eq=False, slots=True)
class Waiter:
    """A sale that waits: for the turn, or for the outcome that the holder of the turn gives it."""

    claims: Claims
    order: services.Order
    woken: threading.Event = field(default_factory=threading.Event)
    outcome: Sale | Exception | None = None  # None when woken: it has the turn


# The sales that wait, of each seller of which one is under way.
_waiting: dict[UUID | None, list[Waiter]] = {}
_guard = threading.Lock()


@counting_refusals
def sell_charge(
    *, claims: Claims, phone_number: str, amount: Decimal, idempotency_key: str = "", operator: str = ""
) -> Sale:
    """Sell as `services.sell_charge` does, together with the sales of the seller that wait in this process.

    Raises:
        OperationalError: the turn did not come within `TURN_SECONDS`; nothing was sold.
        DomainError, DatabaseError: as `services.sell_charge`.
    """
    order = services.Order(phone_number=phone_number, amount=amount, idempotency_key=idempotency_key, operator=operator)
    own = Waiter(claims, order)
    with _turn(own) as group:
        if len(group) == 1:
            return services.sell_one(claims, own.order)
        if group:
            _sell_all(group)
    if isinstance(own.outcome, Sale):
        # It was perhaps on the connection of another thread: what fails from now on does not undo it.
        connection.committed_in = request_id.current()  # type: ignore[attr-defined]  # of our backend
        return own.outcome
    raise own.outcome or AssertionError("a sale of a group has an outcome")


@contextmanager
def _turn(own: Waiter) -> Iterator[list[Waiter]]:
    """Yield the sales that the caller is to sell, its own first; none, if another caller has sold its own."""
    seller_id = own.claims.seller_id
    with _guard:
        waiting = _waiting.setdefault(seller_id, []) if (is_first := seller_id not in _waiting) else _waiting[seller_id]
        if not is_first:
            waiting.append(own)
    if not is_first and not _gets_the_turn(own, waiting):
        yield []
        return
    with _guard:
        group = [own, *waiting]
        waiting.clear()
    try:
        yield group
    finally:
        _end_turn(seller_id, group[1:])


def _gets_the_turn(own: Waiter, waiting: list[Waiter]) -> bool:
    """Wait, and tell whether it is the caller's turn now; otherwise its outcome is known.

    Raises:
        OperationalError: neither came in time.
    """
    if not own.woken.wait(TURN_SECONDS):
        with _guard:
            if own in waiting:
                waiting.remove(own)
                raise OperationalError("the sales of this seller left no room for another one in time")
        own.woken.wait()  # it is being sold, and what sells it has limits of its own
    return own.outcome is None


def _end_turn(seller_id: UUID | None, sold: list[Waiter]) -> None:
    """Wake those that were sold, and the next that waits, whose turn it is."""
    for waiter in sold:
        # Without an outcome the thread was ended from outside, at a moment that is not known.
        waiter.outcome = waiter.outcome or OutcomeUnknown("the sale was given up")
        waiter.woken.set()
    with _guard:
        if _waiting[seller_id]:
            _waiting[seller_id].pop(0).woken.set()
        else:
            del _waiting[seller_id]


def _sell_all(group: list[Waiter]) -> None:
    """Give each sale of the group its outcome. What fails for another reason than the database's state, fails alone."""
    outcomes: list[Sale | Exception]
    try:
        outcomes = [*services.sell_together([(waiter.claims, waiter.order) for waiter in group])]
    except Exception as error:
        if is_temporary(error):
            outcomes = [type(error)(*error.args) for _ in group]
        else:
            outcomes = [_sell_alone(waiter) for waiter in group]
    for waiter, outcome in zip(group, outcomes, strict=True):
        waiter.outcome = outcome


def _sell_alone(waiter: Waiter) -> Sale | Exception:
    try:
        return services.sell_one(waiter.claims, waiter.order)
    except Exception as error:
        return error
