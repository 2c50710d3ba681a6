"""Panels of what was sold and credited: today against earlier days, and the days of the week."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _

from apps.console.framework.charts import Chart
from apps.console.framework.display import show_change, show_day, show_money, show_number, show_text
from apps.console.framework.panels import Panel
from apps.core.values.money import ZERO
from apps.transactions.models import EntryType
from apps.transactions.totals import figures, summaries

REFRESH_BATCHES = 4  # batches of entries that a visit to the home page adds to the totals


def charges_today(request: HttpRequest) -> Panel:
    """Return today's charges against earlier days, after a few batches of new entries are added to the totals."""
    for _batch in range(REFRESH_BATCHES):
        if not summaries.add_next_batch():
            break
    return _today(_("Charges today"), EntryType.CHARGE_SALE)


def credit_today(request: HttpRequest) -> Panel:
    """Return today's credit against earlier days."""
    return _today(_("Credit today"), EntryType.CREDIT_INCREASE)


def charges_this_week(request: HttpRequest) -> Panel:
    """Return the charges of the last days."""
    return _this_week(_("Charges of the last seven days"), _("Charges"), EntryType.CHARGE_SALE)


def credit_this_week(request: HttpRequest) -> Panel:
    """Return the credit of the last days."""
    return _this_week(_("Credit of the last seven days"), _("Credit"), EntryType.CREDIT_INCREASE)


def _today(title: str, type_: EntryType) -> Panel:
    """Compare whole hours only: the present one is not over, and its part in earlier days is not kept."""
    totals, hours = figures.totals_by_hour(), figures.complete_hours()
    days = figures.compared_days()
    amounts = [[totals.get((hour, type_.value), ZERO) for hour in figures.hours_of(day)] for day in days]
    note = _("Entries of the last %(seconds)s seconds are not in yet.")
    return Panel(
        title=title,
        figures=((_("So far today"), show_money(sum(amounts[0], ZERO))), *_compared(days, amounts, hours)),
        chart=Chart(series=_names(days), points=_points(figures.hours_of(days[0]), amounts)),
        note=note % {"seconds": show_number(summaries.LAG.seconds)},
    )


def _names(days: Sequence[date]) -> tuple[str, str, str]:
    weekday = date_format(days[2], "l")
    return _("Today"), _("Yesterday"), _("%(weekday)s last week") % {"weekday": weekday}


def _compared(days: Sequence[date], amounts: Sequence[Sequence[Decimal]], hours: int) -> Sequence[tuple[str, object]]:
    """Return each day up to this hour, and by how much today differs from it."""
    sums = [sum(of_day[:hours], ZERO) for of_day in amounts]
    clock = show_text(f"{hours:02}:00")
    until = [_("%(day)s until %(hour)s") % {"day": name, "hour": clock} for name in _names(days)]
    changes = ["", *(show_change(sums[0], before) for before in sums[1:])]
    return [(name, _with_change(sum_, change)) for name, sum_, change in zip(until, sums, changes, strict=True)]


def _with_change(sum_: Decimal, change: str) -> str:
    if not change:
        return show_money(sum_)
    return format_html("{} <small>{}</small>", show_money(sum_), _("today %(change)s") % {"change": change})


def _points(hours: Sequence[datetime], amounts: Sequence[Sequence[Decimal]]) -> Sequence[tuple[str, Sequence[Decimal]]]:
    return [(show_text(f"{hour:%H}"), of_hour) for hour, of_hour in zip(hours, zip(*amounts, strict=True), strict=True)]


def _this_week(title: str, name: str, type_: EntryType) -> Panel:
    totals = figures.totals_by_day()
    points = [(show_day(day), [totals.get((day, type_.value), ZERO)]) for day in figures.this_week()]
    chart = Chart(series=(name,), points=points)
    return Panel(title=title, figures=chart.totals, chart=chart)
