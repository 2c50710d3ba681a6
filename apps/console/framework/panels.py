"""Panels: the parts of the home page and of a seller's page. Each app adds its own; the pages know none of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.accounts.models import Seller
from apps.console.framework.role_admin import STAFF, has_role


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What a part of a page shows: figures, then a plot, then a table; whichever it has."""

    title: str
    figures: Sequence[tuple[str, object]] = ()
    plot: SafeString | str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = ()
    empty: str = ""
    note: str = ""
    more: tuple[str, str] | None = None  # address and text of a link to all of it
    buttons: Sequence[tuple[str, str, object, str]] = ()  # list, action, row and label
    is_wide: bool = False

    @property
    def labelled_rows(self) -> list[list[tuple[str, object]]]:
        """Each cell with the name of its column, which stands beside it where a phone shows a row as a card."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]

    @property
    def is_many_columned(self) -> bool:
        """Whether the table is wider than a phone."""
        return len(self.columns) > 3


@dataclass(frozen=True, slots=True)
class _Entry:
    order: int
    roles: frozenset[str]
    read: Callable[..., Panel]


_home: list[_Entry] = []
_seller: list[_Entry] = []

HomePanel = Callable[[HttpRequest], Panel]
SellerPanel = Callable[[HttpRequest, Seller], Panel]


def home_panel(order: int, roles: frozenset[str] = STAFF) -> Callable[[HomePanel], HomePanel]:
    """Add the decorated function to the home page of staff that has one of `roles`."""

    def add(read: HomePanel) -> HomePanel:
        _home.append(_Entry(order, roles, read))
        return read

    return add


def seller_panel(order: int, roles: frozenset[str] = STAFF) -> Callable[[SellerPanel], SellerPanel]:
    """Add the decorated function to every seller's page, for staff that has one of `roles`."""

    def add(read: SellerPanel) -> SellerPanel:
        _seller.append(_Entry(order, roles, read))
        return read

    return add


def add_home_panels(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Put the panels that this person may see into the home page (DASHBOARD_CALLBACK of the theme)."""
    return {**context, "panels": _read(_home, request)}


def seller_panels(request: HttpRequest, seller: Seller) -> list[Panel]:
    """Return the panels of a seller's page that this person may see."""
    return _read(_seller, request, seller)


def _read(entries: list[_Entry], request: HttpRequest, *subject: Seller) -> list[Panel]:
    visible = [entry for entry in entries if has_role(request, entry.roles)]
    return [entry.read(request, *subject) for entry in sorted(visible, key=lambda entry: entry.order)]
