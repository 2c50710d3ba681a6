"""The audit trail of the back office: who did what, and from where."""

import json
from ipaddress import ip_address
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import Model
from django.http import HttpRequest

from apps.accounts.models import AuditEvent, User
from apps.core import request_id


def record(request: HttpRequest, action: str, subject: Model | None = None, detail: str = "") -> None:
    """Add to the trail what the user of `request` has just done to `subject`."""
    user: Any = getattr(request, "user", None)
    AuditEvent.objects.create(
        actor_id=user.pk if isinstance(user, User) or (user and user.is_authenticated) else None,
        address=_address(request),
        action=action[:64],
        subject=subject._meta.label_lower if subject else "",
        subject_id=str(subject.pk) if subject else "",
        subject_name=str(subject)[:200] if subject else "",
        detail=detail[:1_000],
        request_id=request_id.current(),
    )


def describe(message: str | list[Any]) -> str:
    """Return Django's description of a change to a form as one sentence."""
    if isinstance(message, str):
        return message
    return LogEntry(change_message=json.dumps(message)).get_change_message()


def _address(request: HttpRequest) -> str | None:
    try:
        return str(ip_address(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None


def connect() -> None:
    """Hear of logins; called once, when the app loads. Signals only watch: nothing depends on them."""
    user_logged_in.connect(_logged_in, dispatch_uid="audit")
    user_logged_out.connect(_logged_out, dispatch_uid="audit")
    user_login_failed.connect(_login_failed, dispatch_uid="audit")


def _is_back_office(request: HttpRequest | None) -> bool:
    return request is not None and request.path.startswith("/admin/")


def _logged_in(request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    if request is not None and _is_back_office(request):
        record(request, "log in")


def _logged_out(request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    if request is not None and user is not None and _is_back_office(request):
        request.user = user
        record(request, "log out")


def _login_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    # What was typed as the name may be a password, so only a name that exists is kept.
    if request is not None and _is_back_office(request):
        user = User.objects.filter(username__iexact=str(credentials.get("username", ""))).first()
        record(request, "log in refused", user)
