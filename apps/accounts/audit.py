"""The audit trail: what staff, and owners with their users, did; on what, from where and when.

A service calls `record` in the transaction of its step, so that neither is kept without the other.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import Model
from django.http import HttpRequest

from apps.accounts.models import AuditAction, AuditEvent, User
from apps.core.observability import request_address, request_id


def record(action: AuditAction, subject: Model | None = None, *, actor_id: UUID | None, detail: str = "") -> None:
    """Add to the trail what the user `actor_id` (None: a command, or a stranger) does to `subject`."""
    AuditEvent.objects.create(
        actor_id=actor_id,
        address=request_address.current(),
        action=action,
        subject=subject._meta.label_lower if subject else "",
        subject_id=str(subject.pk) if subject else "",
        subject_name=str(subject)[:200] if subject else "",
        detail=detail[:1_000],
        request_id=request_id.current(),
    )


def describe_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return what differs, as `field: old -> new`, or `field: new` where nothing was. Not for secrets."""
    return "; ".join(
        f"{name}: {before[name]} -> {value}" if before[name] not in (None, "") else f"{name}: {value}"
        for name, value in after.items()
        if before[name] != value
    )


def connect() -> None:
    """Hear of logins to the back office; called once, when the app loads. The API's are kept by `sessions`."""
    user_logged_in.connect(_logged_in, dispatch_uid="audit")
    user_logged_out.connect(_logged_out, dispatch_uid="audit")
    user_login_failed.connect(_login_failed, dispatch_uid="audit")


def _is_back_office(request: HttpRequest | None) -> bool:
    return request is not None and request.path.startswith("/admin/")


def _logged_in(request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    if _is_back_office(request):
        record(AuditAction.LOG_IN, actor_id=user.pk)


def _logged_out(request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    if user is not None and _is_back_office(request):
        record(AuditAction.LOG_OUT, actor_id=user.pk)


def _login_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    if _is_back_office(request):
        login_refused(str(credentials.get("username", "")))


def login_refused(username: str) -> None:
    """Keep that a login as staff was refused. What was typed may be a password: only a name that exists is kept."""
    record(AuditAction.LOG_IN_REFUSED, User.objects.filter(username__iexact=username).first(), actor_id=None)
