"""The mobile operator and the price of a sale. The app that delivers sales decides; without it no sale has either."""

from datetime import date
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from apps.core.errors import DomainError


class OperatorNotFound(DomainError):
    """No operator has this code, or none is known to serve the phone number."""

    code = "operator_not_found"


class OperatorUnavailable(DomainError):
    """The operator is closed for new sales."""

    code = "operator_unavailable"


class ProductNotOffered(DomainError):
    """The operator does not sell this amount; `extra["nearest_amounts"]` are those that it does."""

    code = "product_not_offered"


class Router(Protocol):
    """The app that delivers sales."""

    def refresh(self) -> None:
        """Read the operators again if that is due. Called while no lock is held."""

    def operator_for(self, phone_number: str, amount: Decimal, operator: str) -> str:
        """Return the code of the operator that delivers this sale ("": none does), without a query.

        Raises:
            OperatorNotFound, OperatorUnavailable, ProductNotOffered: see each.
        """

    def price_of(self, amount: Decimal, *, operator: str, seller_id: UUID, day: date) -> Decimal:
        """Return what the seller pays on a business day for a charge of `amount`, without a query."""


_routers: list[Router] = []


def register_router(router: Router) -> None:
    """Let `router` decide from now on; the app calls this when it loads."""
    _routers[:] = [router]


def refresh() -> None:
    """Call the router's `refresh`, if there is one."""
    for router in _routers:
        router.refresh()


def place(phone_number: str, amount: Decimal, operator: str, *, seller_id: UUID, day: date) -> tuple[str, Decimal]:
    """Return the code of the operator that delivers a sale of this business day ("": none does), and its price.

    Raises:
        OperatorNotFound, OperatorUnavailable, ProductNotOffered: see each.
    """
    for router in _routers:
        if operator := router.operator_for(phone_number, amount, operator):
            return operator, router.price_of(amount, operator=operator, seller_id=seller_id, day=day)
    if operator:
        raise OperatorNotFound("No operator has this code.")
    return "", amount
