"""Lookups of the search box: what some words may mean, and a few rows of each kind that they mean.

A comment beside each lookup names the index that serves it, at whatever size the ledger has.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from django.contrib import admin
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Model, QuerySet
from django.db.models.functions import Collate, Upper
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import AuditEvent, Seller, User
from apps.accounts.roles import AUDITORS
from apps.console.framework.display import show_moment, show_money, show_number
from apps.console.framework.links import list_address
from apps.console.framework.range_filters import read_amount
from apps.console.framework.role_admin import has_role
from apps.core.database.replica import from_replica
from apps.core.values.money import MAX_BALANCE
from apps.core.values.phones import beginning_of, normalize_mobile
from apps.credit_requests.models import OPEN_STATUSES, CreditRequest
from apps.transactions.entries.selectors import numbers_beginning
from apps.transactions.models import LedgerEntry

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Value = TypeVar("Value")
MOST_ROWS = 5
FEWEST_DIGITS = 4  # of the beginning of a phone number
LONGEST_NUMBER = 16


@dataclass(frozen=True)
class Words:
    """What is searched for, as each kind of row would read it; None where it cannot be that."""

    text: str

    @cached_property
    def identifier(self) -> UUID | None:
        """An id."""
        return _read(UUID, self.text)

    @cached_property
    def phone_number(self) -> str | None:
        """A whole phone number, as E.164."""
        return _read(normalize_mobile, self.text)

    @cached_property
    def phone_beginning(self) -> str | None:
        """The beginning of a phone number, as E.164."""
        is_long_enough = sum(character.isdigit() for character in self.text) >= FEWEST_DIGITS
        return beginning_of(self.text) if is_long_enough else None

    @cached_property
    def amount(self) -> Decimal | None:
        """An amount of money."""
        amount = _read(read_amount, self.text)
        return amount if amount is not None and amount <= MAX_BALANCE else None

    @cached_property
    def key(self) -> str | None:
        """An idempotency key or the id of a request: one visible word."""
        return self.text if re.fullmatch(r"[!-~]{2,255}", self.text) else None

    @cached_property
    def name_query(self) -> SearchQuery | None:
        """The query for names that have words that begin so, in any order."""
        words = " & ".join(f"'{word}':*" for word in re.findall(r"\w+", self.text))
        return SearchQuery(words, config="simple", search_type="raw") if words else None


def _read(reader: Callable[[str], Value], text: str) -> Value | None:
    try:
        return reader(text)
    except (ValueError, ArithmeticError):
        return None


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that was found: its page, its name, and what tells it from others."""

    address: str
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of one kind, and the address of a list of all of them."""

    title: "StrOrPromise"
    hits: Sequence[Hit]
    more: str = ""


def search(request: HttpRequest, text: str) -> list[Found]:
    """Return what `text` finds, by kind; of each kind only what this user's lists show."""
    words = Words(text)
    found = (look(request, words) for model, look in _KINDS if _may_view(request, model))
    return [kind for kind in found if kind.hits]


def _may_view(request: HttpRequest, model: type[Model]) -> bool:
    return admin.site.get_model_admin(model).has_view_permission(request)


def _page(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def _some(*queries: QuerySet[Any]) -> list[Any]:
    """Return the first rows of several queries, each row once."""
    rows: dict[Any, Any] = {}
    for query in queries:
        rows |= {row.pk: row for row in query[:MOST_ROWS]}
    return list(rows.values())[:MOST_ROWS]


def _sellers(request: HttpRequest, words: Words) -> Found:
    sellers = Seller.objects.order_by("company_name")
    queries = [sellers.filter(email__iexact=words.text)]  # seller_email_unique
    if words.identifier:
        queries.append(sellers.filter(pk=words.identifier))  # primary key
    if words.phone_beginning:  # seller_by_phone
        bounds = (words.phone_beginning, words.phone_beginning.ljust(LONGEST_NUMBER, "9"))
        queries.append(sellers.filter(phone_number__range=bounds).exclude(phone_number=""))
    if words.name_query:  # seller_by_words
        named = sellers.annotate(words=SearchVector("company_name", config="simple"))
        queries.append(named.filter(words=words.name_query))
    hits = [Hit(_page(row), row.company_name, f"{row.get_status_display()} · {row.email}") for row in _some(*queries)]
    return Found(gettext_lazy("Sellers"), hits, list_address("accounts_seller", q=words.text))


def _numbers(request: HttpRequest, words: Words) -> Found:
    """Find charged numbers by their beginning; a whole number finds its entries instead."""
    found = []
    if words.phone_beginning and not words.phone_number:
        found = numbers_beginning(words.phone_beginning, most=MOST_ROWS)  # entry_by_phone
    hits = [
        Hit(
            list_address("transactions_ledgerentry", phone=number),
            number,
            _("last charge %(amount)s, %(moment)s") % {"amount": show_money(amount), "moment": show_moment(at)},
        )
        for number, amount, at in found
    ]
    return Found(gettext_lazy("Phone numbers"), hits)


@from_replica
def _entries(request: HttpRequest, words: Words) -> Found:
    entries, queries, more = LedgerEntry.objects.select_related("seller").order_by("-id"), [], ""
    if words.identifier:
        queries.append(entries.filter(pk=words.identifier))  # primary key
    if words.phone_number:  # entry_by_phone
        queries.append(entries.filter(phone_number=words.phone_number).exclude(phone_number=""))
        more = list_address("transactions_ledgerentry", phone=words.phone_number)
    if words.key:  # entry_key_unique, once for each seller: no index begins with the key
        queries.append(entries.filter(idempotency_key=words.key).exclude(idempotency_key="").order_by())
    if words.amount:  # entry_by_amount
        queries.append(entries.filter(amount=words.amount))
        more = more or list_address("transactions_ledgerentry", amount_from=words.amount, amount_to=words.amount)
    return Found(gettext_lazy("Ledger entries"), [_entry_hit(row) for row in _some(*queries)], more)


def _entry_hit(row: LedgerEntry) -> Hit:
    title = f"{row.get_type_display()} {show_money(row.amount)}"
    told = [row.seller.company_name, f"#{show_number(row.sequence)}", row.phone_number, show_moment(row.created_at)]
    return Hit(_page(row), title, " · ".join(filter(None, told)))


@from_replica
def _requests(request: HttpRequest, words: Words) -> Found:
    requests, queries = CreditRequest.objects.select_related("seller").order_by("-id"), []
    if words.identifier:
        queries.append(requests.filter(pk=words.identifier))  # primary key
    if words.key:  # credit_request_key_unique, once for each seller
        queries.append(requests.filter(idempotency_key=words.key).exclude(idempotency_key="").order_by())
    if words.amount:  # credit_request_open; the others have ledger entries
        queries.append(requests.filter(status__in=OPEN_STATUSES, amount=words.amount))
    hits = [
        Hit(
            _page(row),
            f"{row.seller.company_name} · {show_money(row.amount)}",
            f"{row.get_status_display()} · {show_moment(row.requested_at)}",
        )
        for row in _some(*queries)
    ]
    return Found(gettext_lazy("Credit requests"), hits)


def _users(request: HttpRequest, words: Words) -> Found:
    """Find users by name. Who may not see the pages of users sees those of a seller, on the seller's page."""
    users = User.objects.select_related("seller").annotate(folded=Collate(Upper("username"), "C")).order_by("folded")
    beginning = User.normalize_username(words.text).upper()
    queries = [users.filter(folded__startswith=beginning)]  # user_by_beginning
    if words.identifier:
        queries.append(users.filter(pk=words.identifier))  # primary key
    may_open = has_role(request, AUDITORS)
    rows = [row for row in _some(*queries) if may_open or row.seller is not None]
    hits = [
        Hit(_page(row if may_open else row.seller), row.username, str(row.seller or _("Staff roles"))) for row in rows
    ]
    return Found(gettext_lazy("Users"), hits)


def _events(request: HttpRequest, words: Words) -> Found:
    """Find steps by the id of their HTTP request, which every answer and every error page names."""
    events = AuditEvent.objects.select_related("actor").order_by("-id")
    rows = _some(events.filter(request_id=words.key)) if words.key else []  # audit_by_request
    hits = [
        Hit(
            _page(row), f"{row.get_action_display()} {row.subject_name}".strip(), f"{row.actor} · {show_moment(row.at)}"
        )
        for row in rows
    ]
    return Found(gettext_lazy("Audit trail"), hits)


# In the order in which they are shown, with the model whose list decides who sees them.
_KINDS: Sequence[tuple[type[Model], Callable[[HttpRequest, Words], Found]]] = (
    (Seller, _sellers),
    (LedgerEntry, _numbers),
    (LedgerEntry, _entries),
    (CreditRequest, _requests),
    (Seller, _users),
    (AuditEvent, _events),
)
