"""The page of the second factor: asks for a code, or sets up an authenticator app with a QR code."""

import base64
from typing import Any, cast

import segno
from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_otp.plugins.otp_static import admin as _static_admin  # noqa: F401  (registers what is unregistered below)
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp import admin as _totp_admin  # noqa: F401  (as above)
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.models import User
from apps.accounts.second_factor import services
from apps.console.framework.second_factor import code_widget, given_at, remember

admin.site.unregister([TOTPDevice, StaticDevice])  # their pages would show the secrets


class CodeForm(forms.Form):
    """A code."""

    code = forms.CharField(label=gettext_lazy("Code of your authenticator app"), max_length=16, widget=code_widget())


def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for a code. Without a second factor, or just after giving it, set up a new one and show recovery codes."""
    user = cast("User", request.user)
    is_setup = not services.is_enrolled(user) or services.is_fresh(given_at(request))
    form = CodeForm(request.POST if request.method == "POST" else None)
    recovery_codes: list[str] = []
    if form.is_valid():
        try:
            recovery_codes = _use(user, form.cleaned_data["code"], is_setup)
        except services.InvalidOtp as error:
            form.add_error("code", _(error.message))
        else:
            remember(request)
            if not is_setup:
                return HttpResponseRedirect(_next(request))
    device = services.begin_enrolment(user) if is_setup and not recovery_codes else None
    return TemplateResponse(
        request,
        "console/second_factor.html",
        {
            **admin.site.each_context(request),
            "title": _("Second factor"),
            "form": form,
            "recovery_codes": recovery_codes,
            "next": _next(request),
            **(_setup(device) if device else {}),
        },
    )


def _use(user: User, code: str, is_setup: bool) -> list[str]:
    if is_setup:
        return services.finish_enrolment(user, code)
    services.check_code(user, code)
    return []


def _setup(device: TOTPDevice) -> dict[str, Any]:
    """Return the secret as a picture, made here, and as text for an app without a camera."""
    picture = segno.make(device.config_url, error="m").svg_inline(scale=5, border=2, light="#fff")
    secret = base64.b32encode(device.bin_key).decode()
    groups = [secret[start : start + 4] for start in range(0, len(secret), 4)]
    return {"picture": mark_safe(picture), "secret": " ".join(groups)}  # noqa: S308  (SVG of our own text)


def _next(request: HttpRequest) -> str:
    target = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if is_ours else reverse("admin:index")
