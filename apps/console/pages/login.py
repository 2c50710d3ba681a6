"""The login form, under the same limits as the API's logins."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from rest_framework.exceptions import Throttled

from apps.accounts.sessions.throttles import LoginThrottle, client_network, failures_limited
from apps.core.limits.rate_limits import count

if TYPE_CHECKING:
    from django.contrib.admin.forms import AdminAuthenticationForm as AnyLoginForm
else:
    from unfold.forms import AuthenticationForm as AnyLoginForm


class LoginForm(AnyLoginForm):
    """A login form that refuses too many attempts before it checks the password."""

    def clean(self) -> dict[str, Any]:
        """Log in; raise `ValidationError` for wrong credentials or too many attempts."""
        request = self.request
        assert request is not None  # noqa: S101  (the admin site gives it)
        limit = LoginThrottle().limit(None)
        refusal = ValidationError(_("Too many attempts. Wait a while, then try again."), code="throttled")
        if count(f"{LoginThrottle.policy}:{client_network(request)}", limit).exceeds(limit):
            raise refusal
        try:
            with failures_limited(request, str(self.cleaned_data.get("username") or "")):
                return super().clean()
        except Throttled as error:
            raise refusal from error
