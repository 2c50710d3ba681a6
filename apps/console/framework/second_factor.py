"""The second factor in the back office: the gate before every page, and the question before money moves."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.accounts.second_factor import services

_GIVEN_AT = "second_factor_given_at"  # in the cookie's session
_OPEN = frozenset({"second-factor", "login", "logout", "jsi18n"})
CODE = "otp"


def given_at(request: HttpRequest) -> datetime | None:
    """Return the moment at which this login gave its second factor."""
    text = request.session.get(_GIVEN_AT)
    return datetime.fromisoformat(text) if text else None


def remember(request: HttpRequest) -> None:
    """Note that this login has just given its second factor."""
    request.session.cycle_key()
    request.session[_GIVEN_AT] = timezone.now().isoformat()


class SecondFactorMiddleware:
    """Redirect a login that still owes its second factor to the page that asks for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *args: Any) -> HttpResponse | None:
        if not request.path.startswith("/admin/") or not request.user.is_authenticated:
            return None
        match = request.resolver_match
        if (match is not None and match.url_name in _OPEN) or given_at(request) is not None:
            return None
        if not services.is_needed(request.user):
            return None
        query = f"?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" else ""
        return HttpResponseRedirect(reverse("second-factor") + query)


def code_widget() -> forms.TextInput:
    """Return an input that phones fill from their authenticator and that stays left to right."""
    attributes = {"autocomplete": "one-time-code", "dir": "ltr", "class": "console-input console-code"}
    return forms.TextInput(attrs=attributes)


class CodeField(forms.CharField):
    """A code that is used up when the form is checked; it counts for this login from then on."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        super().__init__(label=gettext_lazy("Code of your authenticator app"), max_length=16, widget=code_widget())

    def clean(self, value: Any) -> Any:
        code = super().clean(value)
        try:
            services.check_code(cast("User", self.request.user), code)
        except services.InvalidOtp as error:
            raise ValidationError(_(error.message), code=error.code) from error
        remember(self.request)
        return code


def ask_for_code(form: forms.Form, request: HttpRequest) -> None:
    """Add a field for a code, if this user needs a second factor and has not just given it."""
    if not services.is_fresh(given_at(request)) and services.is_needed(cast("User", request.user)):
        form.fields[CODE] = CodeField(request)
