"""The panels of the home page, in order, with the roles that see them."""

from typing import Any

from django.http import HttpRequest

from apps.accounts.roles import AUDITORS, STAFF
from apps.console.framework.role_admin import has_role
from apps.console.panels import credit_requests, money, proposals, sellers

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


def add_home_panels(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the home page's panels for this role (DASHBOARD_CALLBACK of the theme)."""
    panels = (_HOME_OF_AUDITORS if has_role(request, AUDITORS) else ()) + (_HOME if has_role(request, STAFF) else ())
    return {**context, "panels": [panel(request) for panel in panels]}
