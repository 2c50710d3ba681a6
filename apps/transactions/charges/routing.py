"""The mobile operator of a sale. The app that delivers sales decides it; without that app no sale has one."""

from decimal import Decimal
from typing import Protocol

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


_routers: list[Router] = []


def register_router(router: Router) -> None:
    """Let `router` decide from now on; the app calls this when it loads."""
    _routers[:] = [router]


def refresh() -> None:
    """Call the router's `refresh`, if there is one."""
    for router in _routers:
        router.refresh()


def operator_for(phone_number: str, amount: Decimal, operator: str) -> str:
    """Return what the router's `operator_for` does; without a router, no sale has an operator.

    Raises:
        OperatorNotFound, OperatorUnavailable, ProductNotOffered: see each.
    """
    for router in _routers:
        return router.operator_for(phone_number, amount, operator)
    if operator:
        raise OperatorNotFound("No operator has this code.")
    return ""
