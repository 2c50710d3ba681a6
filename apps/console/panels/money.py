"""Panels of money: sales, wallets, entries, reconciliation."""

from decimal import Decimal

from django.db.models import Count, Sum
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.accounts.models import Seller
from apps.accounts.roles import AUDITORS
from apps.console.framework.charts import Chart
from apps.console.framework.display import (
    NOTHING,
    badge,
    show_age,
    show_day,
    show_moment,
    show_money,
    show_number,
    status_badge,
)
from apps.console.framework.links import entry_link, link, list_address, seller_link
from apps.console.framework.panels import Panel
from apps.console.framework.role_admin import has_role
from apps.core.api.problems import PROBLEMS
from apps.credit_requests.models import OPEN_STATUSES, CreditRequest
from apps.transactions.entries import selectors
from apps.transactions.models import EntryType, LedgerEntry, ReconciliationRun
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


def figures_of_seller(request: HttpRequest, seller: Seller) -> Panel:
    """Return a seller's figures: what most questions about it are."""
    balance = selectors.get_balance(seller.pk)
    waiting = CreditRequest.objects.filter(seller_id=seller.pk, status__in=OPEN_STATUSES).order_by()
    open_credit = waiting.aggregate(number=Count("pk"), amount=Sum("amount"))
    sales = LedgerEntry.objects.filter(seller_id=seller.pk, type=EntryType.CHARGE_SALE)
    last = sales.order_by("-id").first()
    of_auditors: list[tuple[str, object]] = []
    if has_role(request, AUDITORS):
        right_since = books_state().right_since
        of_auditors = [(_("Books agree since"), show_moment(right_since.at if right_since else None))]
    return Panel(
        title=_("Figures"),
        figures=(
            (_("Balance"), show_money(balance.balance)),
            (_("Sold today"), show_money(balance.spent_today)),
            (_("Daily limit"), show_money(balance.daily_limit)),
            (_("Left today"), show_money(balance.available_today)),
            (_("Waiting credit"), _open_credit(seller, **open_credit)),
            (_("Last charge"), entry_link(last.pk, show_moment(last.created_at)) if last else NOTHING),
            *of_auditors,
        ),
        buttons=((list_address("transactions_wallet"), "reconcile", seller.pk, _("Reconcile")),),
        is_wide=True,
    )


def _open_credit(seller: Seller, number: int, amount: Decimal | None) -> str:
    if not number:
        return NOTHING
    address = list_address("credit_requests_creditrequest", seller=seller.pk, state="open")
    return link(address, f"{show_money(amount)} ({show_number(number)})")


def balances_of_seller(request: HttpRequest, seller: Seller) -> Panel:
    """Return a seller's closing balances."""
    points = [(show_day(day), [amount]) for day, amount in figures.closing_balances(seller.pk)]
    return Panel(
        title=_("Balance"),
        chart=Chart(series=(_("Balance at the end of the day"),), points=points, is_line=True),
        is_wide=True,
    )
