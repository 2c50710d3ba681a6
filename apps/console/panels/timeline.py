"""A seller's timeline: credit, charges by day, reversals, requests, steps of staff and logins, the newest first.

Each source gives its newest happenings before a moment, by an index, so that a page costs the same however far back it
is. Deliveries and other parts add a source of their own to `_SOURCES`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import AuditEvent, Seller
from apps.accounts.roles import AUDITORS, STAFF
from apps.accounts.sessions.selectors import last_logins
from apps.console.framework.display import badge, show_date, show_moment, show_money, show_number
from apps.console.framework.links import entry_link, link, list_address, request_link
from apps.console.framework.role_admin import has_role
from apps.console.panels import credit_requests, money
from apps.core.values.business_day import business_day, day_begins
from apps.core.values.ids import moment_of, uuid7_at
from apps.credit_requests.models import CreditRequest
from apps.transactions.models import EntryType, LedgerEntry
from apps.transactions.totals import figures

ROWS = 25
PARAMETER = "before"
_DAY = timedelta(days=1)
_TICK = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Happening:
    """A row of the timeline, in what is shown; `group` joins logins of one user on one day that stand together."""

    at: datetime
    time: str
    kind: str
    text: str
    amount: str = ""
    by: object = ""
    group: object = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of it, and the address of the page with older happenings (None: there are none)."""

    rows: Sequence[Happening]
    older: str | None
    is_newest: bool


Source = Callable[[Seller, datetime, int], Iterable[Happening]]


def timeline_of(request: HttpRequest, seller: Seller) -> Timeline:
    """Return the page of a seller's timeline that `?before=` asks for."""
    asked = _asked_moment(request)
    before = asked or timezone.now() + 2 * _DAY
    sources = [source for roles, source in _SOURCES if has_role(request, roles)]
    found = [sorted(source(seller, before, ROWS + 1), key=_newest_first) for source in sources]
    rows = list(merge(*found, key=_newest_first))
    page, rest = rows[:ROWS], rows[ROWS:]
    while rest and rest[0].at == page[-1].at:  # the next page begins before this moment
        page.append(rest.pop(0))
    older = f"?{PARAMETER}={page[-1].at.timestamp():.3f}#timeline" if rest else None
    return Timeline(list(_joined(page)), older, is_newest=asked is None)


def _newest_first(happening: Happening) -> float:
    return -happening.at.timestamp()


def _asked_moment(request: HttpRequest) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(request.GET[PARAMETER]), tz=timezone.get_current_timezone())
    except (KeyError, ValueError, OverflowError, OSError):
        return None


def _joined(rows: Iterable[Happening]) -> Iterator[Happening]:
    """Yield the rows; of those of one group that follow each other, the newest with their number."""
    for group, members in groupby(enumerate(rows), key=lambda row: row[1].group or row[0]):
        first, *others = [member for _place, member in members]
        if others and not isinstance(group, int):
            times = _("%(number)s times") % {"number": show_number(len(others) + 1)}
            first = Happening(first.at, first.time, first.kind, f"{first.text} · {times}")
        yield first


def _newest(rows: QuerySet[Any], before: datetime, most: int) -> QuerySet[Any]:
    """Return the newest rows before a moment, which their ids hold."""
    return rows.filter(pk__lt=uuid7_at(before, random_bits=0)).order_by("-pk")[:most]


def _entries(type_: EntryType) -> Source:
    def entries(seller: Seller, before: datetime, most: int) -> Iterator[Happening]:
        of_type = LedgerEntry.objects.filter(seller_id=seller.pk, type=type_).select_related("created_by")
        for row in _newest(of_type, before, most):  # entry_rare_types_of_seller
            is_credit = row.balance_after > row.balance_before
            yield Happening(
                moment_of(row.pk),
                show_moment(row.created_at),
                money.type_badge(row),
                entry_link(row.pk, row.description or f"#{show_number(row.sequence)}"),
                f"{'+' if is_credit else '-'}{show_money(row.amount)}",
                row.created_by,
            )

    return entries


def _charges(seller: Seller, before: datetime, most: int) -> Iterator[Happening]:
    """Yield the charges of each day, dated at its end."""
    label = badge(EntryType.CHARGE_SALE.label, "quiet")
    for day, number, amount in figures.charges_by_day(seller.pk, before=business_day(before), most=most):
        listed = {"seller": seller.pk, "type": "charge_sale"}
        address = list_address("transactions_ledgerentry", **listed, created_at_from=day, created_at_to=day)
        text = link(address, _("%(number)s charges") % {"number": show_number(number)})
        yield Happening(day_begins(day + _DAY) - _TICK, show_date(day), label, text, f"-{show_money(amount)}")


def _requests(seller: Seller, before: datetime, most: int) -> Iterator[Happening]:
    requests = CreditRequest.objects.filter(seller_id=seller.pk).select_related("requested_by")
    for row in _newest(requests, before, most):  # credit_request_by_seller
        text = request_link(row.pk, _("Credit request of %(amount)s") % {"amount": show_money(row.amount)})
        told = credit_requests.shown_status(row)
        yield Happening(moment_of(row.pk), show_moment(row.requested_at), told, text, by=row.requested_by)


def _steps(seller: Seller, before: datetime, most: int) -> Iterator[Happening]:
    """Yield what was done to the seller itself: limits, status, documents."""
    events = AuditEvent.objects.filter(subject="accounts.seller", subject_id=str(seller.pk)).select_related("actor")
    for row in _newest(events, before, most):  # audit_by_subject
        label = badge(row.get_action_display(), "waiting")
        yield Happening(moment_of(row.pk), show_moment(row.at), label, row.detail, by=row.actor or "")


def _logins(seller: Seller, before: datetime, most: int) -> Iterator[Happening]:
    label = badge(_("log in"), "quiet")
    bound = uuid7_at(before, random_bits=0)
    for session, username in last_logins(seller.pk, before=bound, most=most):  # session_by_user
        at = moment_of(UUID(str(session)))
        yield Happening(at, show_moment(at), label, username, group=(username, business_day(at)))


# Who sees the lists of these rows sees them here.
_SOURCES: Sequence[tuple[frozenset[str], Source]] = (
    (STAFF, _entries(EntryType.CREDIT_INCREASE)),
    (STAFF, _entries(EntryType.REVERSAL)),
    (STAFF, _charges),
    (STAFF, _requests),
    (AUDITORS, _steps),
    (AUDITORS, _logins),
)
