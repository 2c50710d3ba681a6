"""Changes of rights, for the security log: heard here, so that no form, command or shell can forget to tell.

Signals are for watching only. Nothing depends on them.
"""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db.models.signals import m2m_changed, post_save, pre_save
from django.http import HttpRequest

from apps.accounts.models import User
from apps.core.observability import events, metrics

_RIGHTS = ("is_active", "is_staff", "is_superuser", "seller_role", "seller_id", "password")
_GROUP_CHANGES = {"post_add": "added", "post_remove": "removed", "pre_clear": "cleared"}


def connect() -> None:
    """Listen; called once, when the app loads."""
    uid = "security_events"
    user_login_failed.connect(_login_failed, dispatch_uid=uid)
    user_logged_in.connect(_admin_logged_in, dispatch_uid=uid)
    pre_save.connect(_remember_rights, sender=User, dispatch_uid=uid)
    post_save.connect(_tell_changed_rights, sender=User, dispatch_uid=uid)
    m2m_changed.connect(_tell_changed_groups, sender=User.groups.through, dispatch_uid=uid)


def _login_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    # What was typed into the username field may be a password, so only a name that exists is told.
    username = str(credentials.get("username", ""))
    user = User.objects.filter(username__iexact=username).values_list("pk", flat=True).first()
    metrics.LOGINS.labels("failed").inc()
    events.security_warning(
        "login_failed", user=user, username=username if user else "[unknown]", client=_client(request)
    )


def _admin_logged_in(user: User, request: HttpRequest | None = None, **kwargs: Any) -> None:
    metrics.LOGINS.labels("succeeded").inc()
    events.security("login_succeeded", user=user.pk, door="admin site", client=_client(request))


def _client(request: HttpRequest | None) -> str | None:
    return request.META.get("REMOTE_ADDR") if request else None


def _remember_rights(instance: User, update_fields: Collection[str] | None = None, **kwargs: Any) -> None:
    may_change = update_fields is None or not set(_RIGHTS).isdisjoint(update_fields)
    before = User.objects.filter(pk=instance.pk).values(*_RIGHTS).first() if may_change else None
    instance.__dict__["_rights_before"] = before


def _tell_changed_rights(instance: User, created: bool, **kwargs: Any) -> None:
    before = instance.__dict__.pop("_rights_before", None)
    if created:
        rights = {name: getattr(instance, name) for name in _RIGHTS if name != "password"}
        events.security("user_created", user=instance.pk, username=instance.username, **rights)
    elif before is not None:
        for name in _RIGHTS:
            if before[name] != (after := getattr(instance, name)):
                shown = {} if name == "password" else {"before": before[name], "after": after}
                events.security_warning("user_changed", user=instance.pk, changed=name, **shown)


def _tell_changed_groups(
    instance: Any, action: str, reverse: bool, pk_set: set[Any] | None = None, **kwargs: Any
) -> None:
    change = _GROUP_CHANGES.get(action)
    if change is None:
        return
    if reverse:  # group.user_set.add(user)
        events.security_warning(
            "roles_changed", change=change, group=instance.name, users=sorted(map(str, pk_set or ()))
        )
        return
    groups = Group.objects.filter(pk__in=pk_set) if pk_set is not None else instance.groups
    names = list(groups.values_list("name", flat=True))
    events.security_warning("roles_changed", change=change, user=instance.pk, groups=names)
