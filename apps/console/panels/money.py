"""Panels of money: sales, wallets, entries, reconciliation."""

from decimal import Decimal

from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.accounts.models import Seller
from apps.console.framework.charts import Chart
from apps.console.framework.display import (
    badge,
    show_age,
    show_day,
    show_moment,
    show_money,
    show_number,
    show_phone,
    status_badge,
)
from apps.console.framework.links import entry_link, list_address, seller_link
from apps.console.framework.panels import Panel
from apps.core.api.problems import PROBLEMS
from apps.transactions.entries import selectors
from apps.transactions.models import LedgerEntry, ReconciliationRun
from apps.transactions.reconciliation.runs import books_state
from apps.transactions.totals import figures

TYPE_KINDS = {"credit_increase": "good", "charge_sale": "quiet", "reversal": "waiting"}
MOST_ROWS = 6


def top_sellers(request: HttpRequest) -> Panel:
    """Return the sellers that sold most this week."""
    rows = [
        (seller_link(row["seller_id"], row["seller__company_name"]), row["sales"], show_money(row["sold"]))
        for row in figures.top_sellers(MOST_ROWS)
    ]
    return Panel(
        title=_("Top sellers of the week"),
        columns=(_("Seller"), _("Sales"), _("Amount")),
        rows=rows,
        empty=_("No sales yet."),
    )


def refusals(request: HttpRequest) -> Panel:
    """Return the number of charges refused today, by reason."""
    rows = [(_(PROBLEMS[code].title), number) for code, number in figures.refusals_today() if code in PROBLEMS]
    return Panel(
        title=_("Refused charges today"),
        columns=(_("Reason"), _("Number")),
        rows=rows,
        empty=_("No charges were refused."),
    )


def sellers_in_need(request: HttpRequest) -> Panel:
    """Return sellers near their daily limit, and sellers whose balance lasts less than a day."""
    near = [
        (
            seller_link(wallet.pk, wallet.seller),
            badge(_("near its limit"), "waiting"),
            f"{show_money(wallet.spent_today)} / {show_money(wallet.seller.daily_limit)}",
        )
        for wallet in figures.wallets_near_limit(MOST_ROWS)
    ]
    low = [
        (
            seller_link(row["seller_id"], row["seller__company_name"]),
            badge(_("low in balance"), "bad"),
            f"{show_money(row['balance'])} ({_('sells %(amount)s a day') % {'amount': show_money(row['daily'])}})",
        )
        for row in figures.sellers_running_low(MOST_ROWS)
    ]
    return Panel(
        title=_("Sellers to call"),
        columns=(_("Seller"), _("Reason"), _("Amounts")),
        rows=[*near, *low],
        empty=_("No sellers are near a limit or low in balance."),
    )


def books(request: HttpRequest) -> Panel:
    """Return since when the books are right, when that was last checked, and by whom or what."""
    state = books_state()
    figures_: tuple[tuple[str, object], ...] = ()
    if (last := state.last) is not None:
        checked_by = last.run_by.get_username() if last.run_by else _("a command or timer")
        figures_ = (
            (_("Verdict"), verdict(last)),
            (_("Right since"), show_moment(state.right_since.at if state.right_since else None)),
            (_("Last checked"), _("%(age)s ago, by %(who)s") % {"age": show_age(last.at), "who": checked_by}),
            (_("Sellers checked"), last.sellers_checked),
            (_("Discrepancies"), last.discrepancies),
        )
    return Panel(
        title=_("Are the books right?"),
        figures=figures_,
        empty=_("The books were never checked."),
        note=_("A check is overdue: press Reconcile, and look at the timer.") if state.is_late else "",
        more=(list_address("transactions_reconciliationrun"), _("All reconciliations")),
        is_alarm=state.is_late or state.right_since is None,
    )


def verdict(run: ReconciliationRun) -> str:
    """Return the label of a run's verdict."""
    if run.is_reconciled is None:
        return badge(_("agrees as far as checked"), "waiting")
    return badge(_("agrees"), "good") if run.is_reconciled else badge(_("DOES NOT AGREE"), "bad")


def type_badge(entry: LedgerEntry) -> str:
    """Return the label of an entry's type."""
    return status_badge(entry.get_type_display(), entry.type, TYPE_KINDS)


def moved(entry: LedgerEntry) -> Decimal:
    """Return what an entry added to the balance; what it took is negative."""
    return entry.balance_after - entry.balance_before


def entry_row(entry: LedgerEntry) -> tuple[object, ...]:
    """Return the cells of one entry in a short list."""
    return (
        entry_link(entry.pk, show_number(entry.sequence)),
        show_moment(entry.created_at),
        type_badge(entry),
        show_money(moved(entry), is_signed=True),
        show_money(entry.balance_after),
        show_phone(entry.phone_number),
    )


def balance_of_seller(request: HttpRequest, seller: Seller) -> Panel:
    """Return a seller's balance, its limits and its closing balances."""
    balance = selectors.get_balance(seller.pk)
    points = [(show_day(day), [amount]) for day, amount in figures.closing_balances(seller.pk)]
    return Panel(
        title=_("Balance"),
        figures=(
            (_("Balance"), show_money(balance.balance)),
            (_("Daily limit"), show_money(balance.daily_limit)),
            (_("Spent today"), show_money(balance.spent_today)),
            (_("Left today"), show_money(balance.available_today)),
            (_("Entries"), balance.sequence),
        ),
        buttons=((list_address("transactions_wallet"), "reconcile", seller.pk, _("Reconcile")),),
        chart=Chart(series=(_("Balance at the end of the day"),), points=points, is_line=True),
        is_wide=True,
    )


def entries_of_seller(request: HttpRequest, seller: Seller) -> Panel:
    """Return the latest entries of a seller."""
    entries = LedgerEntry.objects.filter(seller_id=seller.pk).order_by("-id")[:10]
    return Panel(
        title=_("Recent entries"),
        columns=("#", _("Time"), _("Type"), _("Amount"), _("Balance after"), _("Phone number")),
        rows=[entry_row(entry) for entry in entries],
        empty=_("No entries yet."),
        more=(list_address("transactions_ledgerentry", seller=seller.pk), _("All entries of this seller")),
        is_wide=True,
    )
