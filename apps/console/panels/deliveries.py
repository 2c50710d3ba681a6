"""Panels of deliveries."""

from django.db.models import Count, Min
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.console.framework.display import NOTHING, badge, show_age, show_moment, show_number, status_badge
from apps.console.framework.links import list_address
from apps.console.framework.panels import Panel
from apps.delivery.models import BookComparison, Delivery, DeliveryStatus

MOST_DISCREPANCIES = 500
# What an attempt ended with, in words; `failed` is a person's.
OUTCOMES = {
    "delivered": gettext_lazy("Delivered"), "refused": gettext_lazy("Refused"), "accepted": gettext_lazy("Accepted"),
    "unheard": gettext_lazy("Never heard of"), "not_sent": gettext_lazy("Not sent"),
    "unknown": gettext_lazy("Unknown"), "failed": gettext_lazy("Failed"),
}  # fmt: skip
KINDS = {"pending": "waiting", "submitted": "waiting", "unknown": "bad", "delivered": "good", "failed": "quiet"}


def shown_status(delivery: Delivery) -> str:
    """Return the label of a delivery's status."""
    return status_badge(delivery.get_status_display(), delivery.status, KINDS)


def open_deliveries(request: HttpRequest) -> Panel:
    """Return the deliveries that are not settled, by operator and status, with the age of the oldest."""
    waiting = Delivery.objects.filter(next_step_at__isnull=False).order_by().values_list("operator__name", "status")
    found = waiting.annotate(number=Count("pk"), oldest=Min("created_at")).order_by("operator__name", "status")
    rows = [
        (operator, status_badge(DeliveryStatus(status).label, status, KINDS), show_number(number), show_age(oldest))
        for operator, status, number, oldest in found
    ]
    unknown = sum(number for _operator, status, number, _oldest in found if status == DeliveryStatus.UNKNOWN)
    return Panel(
        title=_("Deliveries under way"),
        figures=((_("Unknown"), unknown),),
        columns=(_("Mobile operator"), _("Status"), _("Number"), _("Oldest")),
        rows=rows,
        empty=_("Every delivery is settled."),
        more=(list_address("delivery_delivery", status="unknown"), _("All unknown deliveries")),
        is_alarm=bool(unknown),
    )


def attempts_of_delivery(delivery: Delivery) -> Panel:
    """Return all that was said between us and the operator, oldest first."""
    rows = [
        (
            show_moment(attempt.at), attempt.get_kind_display(), OUTCOMES.get(attempt.outcome, attempt.outcome),
            show_number(attempt.milliseconds),
            attempt.sent or NOTHING, attempt.answered or NOTHING, attempt.by or NOTHING,
        )
        for attempt in delivery.attempts_made.select_related("by")
    ]  # fmt: skip
    return Panel(
        title=_("Attempts"),
        columns=(_("Time"), _("Kind"), _("Outcome"), _("Milliseconds"), _("Sent"), _("Answered"), _("User")),
        rows=rows,
        empty=_("The operator was not asked yet."),
        is_wide=True,
    )


def books_verdict(comparison: BookComparison) -> str:
    """Return whether the operator's book and ours agree."""
    return badge(_("they differ"), "bad") if comparison.discrepancies else badge(_("they agree"), "good")


def discrepancies_of(comparison: BookComparison) -> Panel:
    """Return the charges that the operator's book tells otherwise."""
    rows = [
        (found.get_kind_display(), found.reference, found.here or NOTHING, found.there or NOTHING)
        for found in comparison.found.all()[:MOST_DISCREPANCIES]
    ]
    return Panel(
        title=_("What differs"),
        columns=(_("Kind"), _("Reference"), _("Here"), _("There")),
        rows=rows,
        empty=_("The books agree."),
        is_wide=True,
    )
