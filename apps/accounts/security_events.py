"""Changes of rights, for the security log: noticed by signals, so that no form, command or shell can bypass the log.

Signals are for watching only. Nothing depends on them.
"""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import Group
from django.db.models.signals import m2m_changed, post_save, pre_save

from apps.accounts.models import User
from apps.core.observability import events

_RIGHTS = ("is_active", "is_staff", "is_superuser", "seller_role", "seller_id", "password")
_GROUP_CHANGES = {"post_add": "added", "post_remove": "removed", "pre_clear": "cleared"}


def connect() -> None:
    """Connect the signals; called once, when the app loads."""
    uid = "security_events"
    pre_save.connect(_remember_rights, sender=User, dispatch_uid=uid)
    post_save.connect(_log_changed_rights, sender=User, dispatch_uid=uid)
    m2m_changed.connect(_log_changed_groups, sender=User.groups.through, dispatch_uid=uid)


def _remember_rights(instance: User, update_fields: Collection[str] | None = None, **kwargs: Any) -> None:
    may_change = update_fields is None or not set(_RIGHTS).isdisjoint(update_fields)
    before = User.objects.filter(pk=instance.pk).values(*_RIGHTS).first() if may_change else None
    instance.__dict__["_rights_before"] = before


def _log_changed_rights(instance: User, created: bool, **kwargs: Any) -> None:
    before = instance.__dict__.pop("_rights_before", None)
    if created:
        rights = {name: getattr(instance, name) for name in _RIGHTS if name != "password"}
        events.security("user_created", user=instance.pk, username=instance.username, **rights)
    elif before is not None:
        for name in _RIGHTS:
            if before[name] != (after := getattr(instance, name)):
                shown = {} if name == "password" else {"before": before[name], "after": after}
                events.security_warning("user_changed", user=instance.pk, changed=name, **shown)


def _log_changed_groups(
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
