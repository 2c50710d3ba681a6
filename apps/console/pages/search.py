"""The search box of every page: results by kind, below the box while one types, or as a page of their own."""

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from apps.console.panels import found


class SearchForm(forms.Form):
    """Words to search for."""

    q = forms.CharField(label=_("Search"), min_length=2, max_length=255)


def search(request: HttpRequest) -> HttpResponse:
    """Show what the words find; for a part of a page (htmx) that part only. Enter on a single result opens it."""
    form = SearchForm(request.GET)
    kinds = found.search(request, form.cleaned_data["q"]) if form.is_valid() else []
    hits = [hit for kind in kinds for hit in kind.hits]
    context = {"form": form, "words": request.GET.get("q", ""), "kinds": kinds, "number": len(hits)}
    if "HX-Request" in request.headers:
        return TemplateResponse(request, "console/found.html", context)
    if len(hits) == 1:
        return HttpResponseRedirect(hits[0].address)
    return TemplateResponse(
        request, "console/search.html", {**admin.site.each_context(request), "title": _("Search"), **context}
    )
