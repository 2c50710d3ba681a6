"""What the pages of the back office show of money."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import Seller
from apps.console.framework.display import (
    badge,
    link,
    show_age,
    show_day,
    show_moment,
    show_money,
    show_number,
    show_phone,
    show_text,
)
from apps.console.framework.panels import Panel
from apps.console.framework.plots import Column, bars, line
from apps.core.api.problems import PROBLEMS
from apps.core.values.money import ZERO
from apps.transactions.entries import selectors
from apps.transactions.models import EntryType, LedgerEntry, ReconciliationRun
from apps.transactions.totals import figures, summaries

SHOWN_TYPES = (EntryType.CHARGE_SALE.value, EntryType.CREDIT_INCREASE.value)
TYPE_KINDS = {"credit_increase": "good", "charge_sale": "quiet", "reversal": "waiting"}
MOST_ROWS = 6
REFRESH_BATCHES = 4  # of entries that a look at the home page adds to the totals


def _series() -> Sequence[str]:
    return (_("Charges"), _("Credit"))


def _seller_link(seller_id: object, name: object) -> str:
    return link(reverse("admin:accounts_seller_change", args=[seller_id]), name)


def sales_today(request: HttpRequest) -> Panel:
    for _batch in range(REFRESH_BATCHES):
        if not summaries.add_next_batch():
            break
    totals = figures.totals_by_hour()
    hours = figures.hours_of_today()
    columns = [
        Column(show_text(f"{hour:%H}"), [totals.get((hour, type_), ZERO) for type_ in SHOWN_TYPES]) for hour in hours
    ]
    sums = [sum((column.values[number] for column in columns), ZERO) for number in range(len(SHOWN_TYPES))]
    return Panel(
        title=_("Today by hour"),
        figures=tuple((name, show_money(total)) for name, total in zip(_series(), sums, strict=True)),
        plot=bars(columns, _series(), label_every=3),
        note=_("Entries of the last %(seconds)s seconds are not in yet.")
        % {"seconds": show_number(summaries.LAG.seconds)},
    )


def sales_this_week(request: HttpRequest) -> Panel:
    totals = figures.totals_by_day()
    days = figures.this_week()
    columns = [Column(show_day(day), [totals.get((day, type_), ZERO) for type_ in SHOWN_TYPES]) for day in days]
    sums = [sum((column.values[number] for column in columns), ZERO) for number in range(len(SHOWN_TYPES))]
    return Panel(
        title=_("Last seven days"),
        figures=tuple((name, show_money(total)) for name, total in zip(_series(), sums, strict=True)),
        plot=bars(columns, _series()),
    )


def top_sellers(request: HttpRequest) -> Panel:
    rows = [
        (_seller_link(row["seller_id"], row["seller__company_name"]), row["sales"], show_money(row["sold"]))
        for row in figures.top_sellers(MOST_ROWS)
    ]
    return Panel(
        title=_("Top sellers of the week"),
        columns=(_("Seller"), _("Sales"), _("Amount")),
        rows=rows,
        empty=_("Nothing was sold."),
    )


def refusals(request: HttpRequest) -> Panel:
    rows = [(_(PROBLEMS[code].title), number) for code, number in figures.refusals_today() if code in PROBLEMS]
    return Panel(
        title=_("Refused charges today"), columns=(_("Reason"), _("Number")), rows=rows, empty=_("None was refused.")
    )


def sellers_in_need(request: HttpRequest) -> Panel:
    near = [
        (
            _seller_link(wallet.pk, wallet.seller),
            badge(_("near its limit"), "waiting"),
            f"{show_money(wallet.spent_today)} / {show_money(wallet.seller.daily_limit)}",
        )
        for wallet in figures.wallets_near_limit(MOST_ROWS)
    ]
    low = [
        (
            _seller_link(row["seller_id"], row["seller__company_name"]),
            badge(_("low in balance"), "bad"),
            f"{show_money(row['balance'])} ({_('sells %(amount)s a day') % {'amount': show_money(row['daily'])}})",
        )
        for row in figures.sellers_running_low(MOST_ROWS)
    ]
    return Panel(
        title=_("Sellers to call"),
        columns=(_("Seller"), _("Why"), _("Amounts")),
        rows=[*near, *low],
        empty=_("Nobody is near a limit or low in balance."),
    )


def last_reconciliation(request: HttpRequest) -> Panel:
    run = ReconciliationRun.objects.first()
    address = reverse("admin:transactions_reconciliationrun_changelist")
    found: tuple[tuple[str, Any], ...] = ()
    if run is not None:
        found = (
            (_("Verdict"), verdict(run)),
            (_("Age"), show_age(run.at)),
            (_("Sellers checked"), run.sellers_checked),
            (_("Discrepancies"), run.discrepancies),
        )
    return Panel(
        title=_("Last reconciliation"),
        figures=found,
        empty=_("None has been run yet."),
        more=(address, _("All reconciliations")),
    )


def verdict(run: ReconciliationRun) -> str:
    """Return the label of a verdict."""
    if run.is_reconciled is None:
        return badge(_("agrees as far as checked"), "waiting")
    return badge(_("agrees"), "good") if run.is_reconciled else badge(_("DOES NOT AGREE"), "bad")


def entry_row(entry: LedgerEntry) -> tuple[object, ...]:
    """Return the cells of one entry in a short list."""
    return (
        link(reverse("admin:transactions_ledgerentry_change", args=[entry.pk]), show_number(entry.sequence)),
        show_moment(entry.created_at),
        badge(entry.get_type_display(), TYPE_KINDS[entry.type]),
        show_money(entry.amount),
        show_money(entry.balance_after),
        show_phone(entry.phone_number),
    )


def balance_of_seller(request: HttpRequest, seller: Seller) -> Panel:
    balance = selectors.get_balance(seller.pk)
    closings = figures.closing_balances(seller.pk)
    return Panel(
        title=_("Balance"),
        figures=(
            (_("Balance"), show_money(balance.balance)),
            (_("Daily limit"), show_money(balance.daily_limit)),
            (_("Spent today"), show_money(balance.spent_today)),
            (_("Left today"), show_money(balance.available_today)),
            (_("Entries"), balance.sequence),
        ),
        buttons=((reverse("admin:transactions_wallet_changelist"), "reconcile", seller.pk, _("Reconcile")),),
        plot=line([(show_day(day), amount) for day, amount in closings], _("Balance at the end of the day")),
        is_wide=True,
    )


def entries_of_seller(request: HttpRequest, seller: Seller) -> Panel:
    entries = LedgerEntry.objects.filter(seller_id=seller.pk).order_by("-id")[:10]
    address = reverse("admin:transactions_ledgerentry_changelist")
    return Panel(
        title=_("Recent entries"),
        columns=("#", _("Time"), _("Type"), _("Amount"), _("Balance after"), _("Phone number")),
        rows=[entry_row(entry) for entry in entries],
        empty=_("Nothing has moved yet."),
        more=(f"{address}?seller__id__exact={seller.pk}", _("Whole ledger of this seller")),
        is_wide=True,
    )
