"""The page of one's own sessions: each can be ended, and all others at once."""

from typing import cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.sessions.services import end_session, end_sessions, live_sessions

MOST_ROWS = 50
OF_API, OF_PAGES, OTHERS = "api", "pages", "others"


class EndForm(forms.Form):
    """The session to end: its kind and its place, or all others."""

    kind = forms.ChoiceField(choices=[(kind, kind) for kind in (OF_API, OF_PAGES, OTHERS)])
    began = forms.CharField(max_length=64, required=False)


def my_sessions(request: HttpRequest) -> HttpResponse:
    """List the sessions of the user; a POST ends one of them, or all but the present one."""
    user = cast("User", request.user)
    form = EndForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        _end(request, user, form.cleaned_data["kind"], form.cleaned_data["began"])
        messages.success(request, _("Ended."))
        return HttpResponseRedirect(reverse("my-sessions"))
    of_api, of_pages = live_sessions(user)
    context = {
        **admin.site.each_context(request),
        "title": _("My sessions"),
        "of_api": of_api[:MOST_ROWS],
        "of_pages": of_pages[:MOST_ROWS],
        "present": request.session.session_key,
    }
    return TemplateResponse(request, "console/my_sessions.html", context)


def _end(request: HttpRequest, user: User, kind: str, began: str) -> None:
    """End what the form names. A key of the back office is a secret, so its session is named by its beginning."""
    of_api, of_pages = live_sessions(user)
    others = of_pages.exclude(session_key=request.session.session_key)
    if kind == OTHERS:
        end_sessions(user=user, ended_by=user, kept_key=request.session.session_key)
        return
    try:
        session = of_api.filter(pk=began).first() if kind == OF_API else others.filter(began_at=began).first()
    except ValidationError as error:  # a form made by hand
        raise Http404 from error
    if session is None:
        raise Http404
    end_session(session=session, ended_by=user)
