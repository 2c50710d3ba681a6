"""Panels of sellers, their users and their audit trail."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.accounts.models import Seller
from apps.accounts.roles import AUDITORS
from apps.console.framework.display import badge, show_age, show_moment, status_badge
from apps.console.framework.links import list_address, row_link, seller_link
from apps.console.framework.panels import Panel
from apps.console.framework.role_admin import has_role

SELLER_KINDS = {"pending": "waiting", "active": "good", "suspended": "bad"}
MOST_ROWS = 8
MOST_USERS = 50


def shown_status(seller: Seller) -> str:
    """Return the label of a seller's status."""
    return status_badge(seller.get_status_display(), seller.status, SELLER_KINDS)


def pending_sellers(request: HttpRequest) -> Panel:
    """Return the sellers to verify, the oldest first."""
    pending = Seller.objects.filter(status=Seller.Status.PENDING).order_by("id")
    rows = [(seller_link(seller.pk, seller), show_age(seller.created_at)) for seller in pending[:MOST_ROWS]]
    return Panel(
        title=_("Sellers to verify"),
        figures=((_("Pending"), pending.count()),),
        columns=(_("Seller"), _("Age")),
        rows=rows,
        empty=_("No sellers are waiting."),
        more=(list_address("accounts_seller", status="pending"), _("All pending sellers")),
    )


def users_of_seller(request: HttpRequest, seller: Seller) -> Panel:
    """Return the users of a seller."""
    may_open = has_role(request, AUDITORS)
    rows = [
        (
            row_link("accounts_user", user.pk, user.username) if may_open else user.username,
            user.get_seller_role_display(),
            badge(_("active"), "good") if user.is_active else badge(_("inactive"), "quiet"),
            show_moment(user.last_login),
        )
        for user in seller.users.filter(is_client=False).order_by("id")[:MOST_USERS]
    ]
    return Panel(
        title=_("Users"), columns=(_("Name"), _("Role"), _("State"), _("Last login")), rows=rows, empty=_("No users.")
    )
