"""The one writer of login events: each is counted, logged and, at the doors of staff, kept in the audit trail.

The API's services call these functions; the back office, whose login is Django's, reaches them by Django's signals.
"""

from enum import Enum
from functools import partial
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts import audit
from apps.accounts.models import AuditAction, LoginOrigin, Session, User
from apps.accounts.sessions import refused_logins
from apps.core.observability import events, metrics, request_address


class Door(Enum):
    """The logins: for users of sellers, their programs, staff, and the back office's form; and a password's change."""

    SELLER = "seller"
    CLIENT = "client"
    STAFF = "staff"
    BACK_OFFICE = "admin site"
    PASSWORD = "password change"  # noqa: S105  (not one)


def login_succeeded(user: User, door: Door, session: Session | None = None) -> None:
    """Record a login, in the transaction that opens its session; count and log it once that is committed."""
    _remember_origin(user)
    if user.is_staff:
        audit.record(AuditAction.LOG_IN, session, actor_id=user.pk)
        transaction.on_commit(refused_logins.report_past_windows, robust=True)
    transaction.on_commit(partial(_tell_success, user, door, session), robust=True)


def _remember_origin(user: User) -> None:
    address = request_address.current()
    if address is not None:
        origin = LoginOrigin(user=user, network=request_address.network_of(address), last_login_at=timezone.now())
        LoginOrigin.objects.bulk_create(
            [origin], update_conflicts=True, unique_fields=["user", "network"], update_fields=["last_login_at"]
        )


def _tell_success(user: User, door: Door, session: Session | None) -> None:
    metrics.LOGINS.labels("succeeded").inc()
    events.security(
        "login_succeeded",
        user=user.pk,
        seller=user.seller_id,
        door=door.value,
        session=session and session.pk,
        client=request_address.current(),
    )


def login_failed(username: str, door: Door, *, is_wrong_door: bool = False) -> None:
    """Record a refused login; `is_wrong_door`: the password was right."""
    # The text typed as a username may be a password: only a name that exists is written down.
    user = User.objects.named(username).first()
    if door in (Door.STAFF, Door.BACK_OFFICE) or (door is Door.PASSWORD and user and user.is_staff):
        refused_logins.count_one(user)
    metrics.LOGINS.labels("failed").inc()
    events.security_warning(
        "login_failed",
        user=user and user.pk,
        username=user.username if user else "[unknown]",
        client=request_address.current(),
        **({"wrong_door": door.value} if is_wrong_door else {"door": door.value}),
    )


def login_ended(user: User, session: Session | None = None, *, detail: str = "") -> None:
    """Record a logout; log it once it is committed."""
    if user.is_staff:
        audit.record(AuditAction.LOG_OUT, session, actor_id=user.pk, detail=detail)
    fields = {"user": user.pk, "session": session and session.pk, "client": request_address.current()}
    transaction.on_commit(partial(events.security, "logout", **fields), robust=True)


def connect() -> None:
    """Listen to Django's logins; called once, when the app loads."""
    user_logged_in.connect(_entered_back_office, dispatch_uid="login_events")
    user_logged_out.connect(_left_back_office, dispatch_uid="login_events")
    user_login_failed.connect(_refused_by_back_office, dispatch_uid="login_events")


def _is_back_office(request: HttpRequest | None) -> bool:
    return request is not None and request.path.startswith("/admin/")


def _entered_back_office(request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    if _is_back_office(request):
        login_succeeded(user, Door.BACK_OFFICE)


def _left_back_office(request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    if user is not None and _is_back_office(request):
        login_ended(user)


def _refused_by_back_office(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    if _is_back_office(request):
        login_failed(str(credentials.get("username", "")), Door.BACK_OFFICE)
