"""The panels of the home page and of a seller's page, in order, with the roles that see them."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from apps.accounts.models import Seller
from apps.accounts.roles import AUDITORS, STAFF
from apps.console.framework.panels import Panel
from apps.console.framework.role_admin import has_role
from apps.console.panels import credit_requests, deliveries, money, proposals, sellers

_HOME = (
    sellers.pending_sellers,
    credit_requests.open_requests,
    money.sales_today,
    money.sales_this_week,
    money.top_sellers,
    money.refusals,
    money.sellers_in_need,
)
_HOME_OF_AUDITORS = (money.books, proposals.waiting_proposals)
_SELLER = (
    money.balance_of_seller,
    money.entries_of_seller,
    credit_requests.requests_of_seller,
    sellers.users_of_seller,
)
_SELLER_OF_AUDITORS = (sellers.trail_of_seller,)


def add_home_panels(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the home page's panels for this role (DASHBOARD_CALLBACK of the theme)."""
    panels = (_HOME_OF_AUDITORS if has_role(request, AUDITORS) else ()) + (_HOME if has_role(request, STAFF) else ())
    if settings.DELIVERY and has_role(request, STAFF):
        panels += (deliveries.open_deliveries,)
    return {**context, "panels": [panel(request) for panel in panels]}


def seller_panels(request: HttpRequest, seller: Seller) -> list[Panel]:
    """Return the panels of a seller's page for this role."""
    panels = _SELLER + (_SELLER_OF_AUDITORS if has_role(request, AUDITORS) else ())
    return [panel(request, seller) for panel in panels]
