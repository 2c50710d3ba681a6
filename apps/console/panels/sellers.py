"""What the pages of the back office show of sellers and users."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import AuditEvent, Seller
from apps.accounts.roles import AUDITORS
from apps.console.framework.display import NOTHING, badge, link, show_age, show_moment
from apps.console.framework.panels import Panel
from apps.console.framework.role_admin import has_role

SELLER_KINDS = {"pending": "waiting", "active": "good", "suspended": "bad"}
MOST_ROWS = 8


def pending_sellers(request: HttpRequest) -> Panel:
    pending = Seller.objects.filter(status=Seller.Status.PENDING).order_by("id")
    rows = [
        (link(reverse("admin:accounts_seller_change", args=[seller.pk]), seller), show_age(seller.created_at))
        for seller in pending[:MOST_ROWS]
    ]
    return Panel(
        title=_("Sellers to verify"),
        figures=((_("Pending"), pending.count()),),
        columns=(_("Seller"), _("Age")),
        rows=rows,
        empty=_("Nobody waits."),
        more=(reverse("admin:accounts_seller_changelist") + "?status__exact=pending", _("All pending sellers")),
    )


def users_of_seller(request: HttpRequest, seller: Seller) -> Panel:
    links = has_role(request, AUDITORS)
    rows = []
    for user in seller.users.order_by("id")[:50]:
        address = reverse("admin:accounts_user_change", args=[user.pk])
        rows.append(
            (
                link(address, user.username) if links else user.username,
                user.get_seller_role_display(),
                badge(_("active"), "good") if user.is_active else badge(_("inactive"), "quiet"),
                show_moment(user.last_login),
            )
        )
    return Panel(
        title=_("Users"), columns=(_("Name"), _("Role"), _("State"), _("Last login")), rows=rows, empty=_("No users.")
    )


def trail_of_seller(request: HttpRequest, seller: Seller) -> Panel:
    events = AuditEvent.objects.filter(subject="accounts.seller", subject_id=str(seller.pk)).select_related("actor")
    rows = [
        (
            show_moment(event.at),
            event.actor or NOTHING,
            event.address or NOTHING,
            event.get_action_display(),
            event.detail,
        )
        for event in events[:MOST_ROWS]
    ]
    return Panel(
        title=_("What was done to this seller"),
        columns=(_("Time"), _("Who"), _("From where"), _("Action"), _("Detail")),
        rows=rows,
        empty=_("Nothing yet."),
        more=(reverse("admin:accounts_auditevent_changelist") + f"?q={seller.pk}", _("Whole trail")),
        is_wide=True,
    )
