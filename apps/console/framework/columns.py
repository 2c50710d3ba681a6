"""Columns of a list; each is a read-only field of the row's page as well."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def column(label: "StrOrPromise", show: Callable[[Any], object], order: str | None = None) -> Callable[..., object]:
    """Return a method for an admin class: a column headed `label` that holds `show(row)` and sorts by `order`."""

    @admin.display(description=label, ordering=order)
    def shown(page: object, row: object) -> object:
        return show(row)

    return shown
