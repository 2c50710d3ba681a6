"""Saving and removing a view of a list; each user has its own."""

from typing import cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.models import User
from apps.console.framework.links import list_address
from apps.console.framework.saved_views import listed_pages, selection
from apps.console.models import SavedView

MOST_VIEWS = 20


class ViewForm(forms.Form):
    """A list, the part of its address after the question mark, and a name for it."""

    page = forms.CharField(max_length=64)
    name = forms.CharField(max_length=60)
    query = forms.CharField(max_length=2_000, required=False)


@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    """Save what a list shows under a name; a name that the user has for this list means its new view."""
    form = ViewForm(request.POST)
    if not form.is_valid() or form.cleaned_data["page"] not in listed_pages():
        messages.error(request, _("Give the view a name of at most 60 characters."))
        return HttpResponseRedirect(_list_of(str(form.data.get("page", ""))))
    user, page, name = cast("User", request.user), form.cleaned_data["page"], form.cleaned_data["name"]
    query = selection(QueryDict(form.cleaned_data["query"]))
    views = SavedView.objects.filter(user=user, page=page)
    if views.exclude(name=name).count() >= MOST_VIEWS:
        messages.error(request, _("You have as many views of this list as one may have. Remove one first."))
    else:
        views.update_or_create(user=user, page=page, name=name, defaults={"query": query})
        messages.success(request, _("The view “%(name)s” is saved.") % {"name": name})
    return HttpResponseRedirect(f"{_list_of(page)}?{query}")


@require_POST
def remove_view(request: HttpRequest) -> HttpResponse:
    """Remove one of the user's views."""
    form = ViewForm(request.POST)
    if form.is_valid():
        named = {name: form.cleaned_data[name] for name in ("page", "name")}
        SavedView.objects.filter(user=cast("User", request.user), **named).delete()
    return HttpResponseRedirect(_list_of(str(form.data.get("page", ""))))


def _list_of(page: str) -> str:
    return list_address(page) if page in listed_pages() else reverse("admin:index")
