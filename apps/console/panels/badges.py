"""Counts beside the links of the menu: what waits for staff.

A count is one function here, and its name at the link in `config.settings.console`. Every page shows the menu, so a
count is kept for a few seconds, in which no page pays for it.
"""

from collections.abc import Callable

from django.core.cache import cache
from django.http import HttpRequest

from apps.accounts.models import Seller
from apps.console.framework.display import show_number
from apps.credit_requests.models import OPEN_STATUSES, CreditRequest

SECONDS = 5


def waiting_requests(request: HttpRequest) -> str:
    """Return the number of credit requests without a decision."""
    return _shown("requests", CreditRequest.objects.filter(status__in=sorted(OPEN_STATUSES)).count)


def pending_sellers(request: HttpRequest) -> str:
    """Return the number of sellers to verify."""
    return _shown("sellers", Seller.objects.filter(status=Seller.Status.PENDING).count)


def _shown(name: str, count: Callable[[], int]) -> str:
    """Return a count in the reader's digits; empty if nothing waits."""
    number = cache.get_or_set(f"menu:{name}", count, SECONDS)
    return show_number(number) if number else ""
