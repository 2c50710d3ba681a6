"""The panels of the home page, in order, with the roles that see them."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.roles import AUDITORS, STAFF
from apps.console.framework.role_admin import has_role
from apps.console.panels import credit_requests, deliveries, money, proposals, sales, sellers, webhooks

REFRESH_SECONDS = 30

_HOME = (
    sellers.pending_sellers,
    credit_requests.open_requests,
    sales.charges_today,
    sales.credit_today,
    sales.charges_this_week,
    sales.credit_this_week,
    money.top_sellers,
    money.refusals,
    money.sellers_in_need,
    webhooks.endpoints_in_need,
)
_HOME_OF_AUDITORS = (money.books, proposals.waiting_proposals)


def add_home_panels(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the home page's panels for this role (DASHBOARD_CALLBACK of the theme)."""
    panels = (_HOME_OF_AUDITORS if has_role(request, AUDITORS) else ()) + (_HOME if has_role(request, STAFF) else ())
    if settings.DELIVERY and has_role(request, STAFF):
        panels += (deliveries.open_deliveries,)
    now = timezone.now()
    return {**context, "panels": [panel(request) for panel in panels], "refreshed_at": now, "seconds": REFRESH_SECONDS}
