"""Views that a user has saved of a list: which there are, and the part of an address that makes one."""

from typing import cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, QueryDict

from apps.accounts.models import User
from apps.console.models import SavedView

# Parts of an address that name a place in a list, not a selection.
_PLACES = ("p", "e", "all", "before", "after", "_popup", "_to_field")


def selection(query: QueryDict) -> str:
    """Return the filters, search and order of a list's address."""
    kept = query.copy()
    for name in _PLACES:
        kept.pop(name, None)
    return kept.urlencode()


def listed_pages() -> set[str]:
    """Return the names of all lists."""
    return {model._meta.label_lower.replace(".", "_") for model in admin.site._registry}


def page_name(changelist: ChangeList) -> str:
    """Return the name of a list among the addresses of the back office."""
    return f"{changelist.opts.app_label}_{changelist.opts.model_name}"


def views_of(changelist: ChangeList, request: HttpRequest) -> list[SavedView]:
    """Return the user's views of a list, by name."""
    return list(SavedView.objects.filter(user=cast("User", request.user), page=page_name(changelist)))
