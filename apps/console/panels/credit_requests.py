"""Panels of credit requests."""

from django.db.models import Count, Sum
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _

from apps.console.framework.display import show_age, show_money, status_badge
from apps.console.framework.links import list_address, request_link
from apps.console.framework.panels import Panel
from apps.credit_requests.models import OPEN_STATUSES, CreditRequest

STATUS_KINDS = {"pending": "waiting", "awaiting_second_approval": "waiting", "approved": "good", "rejected": "bad"}
LIST = "credit_requests_creditrequest"
MOST_ROWS = 8


def shown_status(row: CreditRequest) -> str:
    """Return the label of a request's status, and who approved it first if a second approver is awaited."""
    label = status_badge(row.get_status_display(), row.status, STATUS_KINDS)
    if row.status != CreditRequest.Status.AWAITING_SECOND_APPROVAL:
        return label
    return format_html("{} <small>{}</small>", label, _("first: %(who)s") % {"who": row.first_approved_by})


def open_requests(request: HttpRequest) -> Panel:
    """Return the requests to decide, the oldest first."""
    waiting = CreditRequest.objects.filter(status__in=sorted(OPEN_STATUSES))
    totals = waiting.order_by().aggregate(number=Count("pk"), amount=Sum("amount"))
    rows = [
        (row.seller, request_link(row.pk, show_money(row.amount)), show_age(row.requested_at), shown_status(row))
        for row in waiting.select_related("seller", "first_approved_by").order_by("id")[:MOST_ROWS]
    ]
    return Panel(
        title=_("Credit requests to decide"),
        figures=((_("Waiting"), totals["number"]), (_("Total"), show_money(totals["amount"]))),
        columns=(_("Seller"), _("Amount"), _("Age"), _("Status")),
        rows=rows,
        empty=_("No requests are waiting."),
        more=(list_address(LIST, state="open"), _("All open requests")),
    )
