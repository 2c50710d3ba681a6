"""The operator of a phone number, decided in memory from a small table that is read every two seconds."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

import phonenumbers
from django.conf import settings

from apps.core.values.money import format_money
from apps.delivery.models import NumberRange, Operator, PriceTerms
from apps.transactions.charges.routing import OperatorNotFound, OperatorUnavailable, ProductNotOffered

LIFETIME_SECONDS = 2.0
_OTHERS = "-"  # a carrier that is none of our operators


@dataclass(frozen=True, slots=True)
class Products:
    """The amounts that an operator sells: a range, fixed ones, or both."""

    range: tuple[Decimal, Decimal] | None
    fixed: tuple[Decimal, ...]

    @classmethod
    def of(cls, operator: Operator) -> "Products":
        """Return the products of an operator."""
        low, high = operator.min_amount, operator.max_amount
        return cls((low, high) if low is not None and high is not None else None, tuple(sorted(operator.amounts)))

    def offer(self, amount: Decimal) -> bool:
        """Tell whether `amount` is for sale."""
        return amount in self.fixed or (self.range is not None and self.range[0] <= amount <= self.range[1])

    def nearest(self, amount: Decimal) -> Sequence[Decimal]:
        """Return the amounts for sale next below and next above `amount`, of which one may be missing."""
        offered = [*self.fixed, *(self.range or ())]
        below = max((each for each in offered if each < amount), default=None)
        above = min((each for each in offered if each > amount), default=None)
        return [each for each in (below, above) if each is not None]


@dataclass(frozen=True, slots=True)
class _Route:
    """An operator as a sale needs it."""

    products: Products
    is_open: bool


class Prices:
    """The terms of all operators and sellers, newest first. They are only added, so their number says if it is all."""

    def __init__(self) -> None:
        self._number = -1
        self._terms: dict[tuple[str, UUID | None], list[PriceTerms]] = {}

    def refresh(self) -> None:
        """Read the terms again if there are others."""
        if PriceTerms.objects.count() == self._number:
            return
        terms: dict[tuple[str, UUID | None], list[PriceTerms]] = {}
        for each in (found := PriceTerms.objects.order_by("-effective_from", "-id")):
            terms.setdefault((each.operator_id, each.seller_id), []).append(each)
        self._terms, self._number = terms, len(found)

    def forget(self) -> None:
        """Read everything anew next time."""
        self._number = -1

    def price_of(self, amount: Decimal, *, operator: str, seller_id: UUID, day: date) -> Decimal:
        """Return the price by the seller's own terms of that day, or else by those of all, or else `amount`."""
        for scope in (seller_id, None):
            for terms in self._terms.get((operator, scope), ()):
                if terms.effective_from <= day:
                    return terms.price_of(amount)
        return amount


class Routes:
    """The operators, their number ranges and prices, as they were at most `LIFETIME_SECONDS` ago."""

    def __init__(self) -> None:
        self._until = 0.0
        self._operators: dict[str, _Route] = {}
        self._own: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self._prices = Prices()
        self.price_of = self._prices.price_of

    def refresh(self) -> None:
        """Read all again if that is due. Without DELIVERY there is nothing to read."""
        if not settings.DELIVERY or time.monotonic() < self._until:
            return
        operators = list(Operator.objects.all())
        self._own = dict(NumberRange.objects.values_list("prefix", "operator_id"))
        self._known = _known_prefixes(tuple((name, each.code) for each in operators for name in each.carrier_names))
        self._operators = {each.code: _Route(Products.of(each), each.is_open) for each in operators}
        self._prices.refresh()
        self._until = time.monotonic() + LIFETIME_SECONDS

    def forget(self) -> None:
        """Read everything anew next time: this process changed it."""
        self._until = 0.0
        self._prices.forget()

    def operator_for(self, phone_number: str, amount: Decimal, operator: str) -> str:
        """Return the operator of a sale; "" while none is configured."""
        if not (settings.DELIVERY and self._operators):
            if operator:
                raise OperatorNotFound("No operator has this code.")
            return ""
        code = operator or self.lookup(phone_number)
        route = self._operators.get(code)
        if route is None:
            raise OperatorNotFound(
                "No operator has this code." if operator else "No operator is known to serve this number."
            )
        if not route.is_open:
            raise OperatorUnavailable("The operator takes no charges now. Nothing happened.", operator=code)
        if not route.products.offer(amount):
            nearest = [format_money(each) for each in route.products.nearest(amount)]
            raise ProductNotOffered("The operator does not offer this amount.", nearest_amounts=nearest)
        return code

    def lookup(self, phone_number: str) -> str:
        """Return the operator to which a number (E.164) was first given, "" if none of ours."""
        code = _longest(self._own, phone_number) or _longest(self._known, phone_number)
        return "" if code == _OTHERS else code


def is_ported_possible(phone_number: str) -> bool:
    """Tell whether numbers of this number's country may change their operator."""
    number = phonenumbers.parse(phone_number)
    region = phonenumbers.region_code_for_number(number)
    return region is not None and phonenumbers.is_mobile_number_portable_region(region)


def _longest(prefixes: dict[str, str], phone_number: str) -> str:
    for length in range(len(phone_number), 2, -1):
        if code := prefixes.get(phone_number[:length]):
            return code
    return ""


@lru_cache(maxsize=2)
def _known_prefixes(names: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return the prefixes that libphonenumber gives to (carrier, operator) in `names`, and others' within them."""
    by_name = dict(names)
    if not by_name:
        return {}
    from phonenumbers.carrierdata import CARRIER_DATA  # megabytes that only an installation with operators needs

    found = {prefix: by_name.get(carrier.get("en", ""), _OTHERS) for prefix, carrier in CARRIER_DATA.items()}
    ours = {prefix for prefix, code in found.items() if code != _OTHERS}
    return {
        f"+{prefix}": code
        for prefix, code in found.items()
        if prefix in ours or any(prefix[:length] in ours for length in range(1, len(prefix)))
    }


routes = Routes()
