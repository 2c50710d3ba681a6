"""The audit trail: the steps of staff, and of owners with their users; on what, from where and when.

A service calls `record` in the transaction of its step, so that neither is kept without the other.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Model

from apps.accounts.models import AuditAction, AuditEvent
from apps.core.observability import request_address, request_id


def record(
    action: AuditAction,
    subject: Model | None = None,
    *,
    actor_id: UUID | None,
    detail: str = "",
    is_of_request: bool = True,
) -> None:
    """Add a step of the user `actor_id` (None: a command, or an unknown caller) on `subject` to the trail.

    Unless `is_of_request`, the line tells of others than the present caller, and so has no address.
    """
    AuditEvent.objects.create(
        actor_id=actor_id,
        address=request_address.current() if is_of_request else None,
        action=action,
        subject=subject._meta.label_lower if subject else "",
        subject_id=str(subject.pk) if subject else "",
        subject_name=str(subject)[:200] if subject else "",
        detail=detail[:1_000],
        request_id=request_id.current(),
    )


def describe_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return the differences as `field: old -> new`, or `field: new` for a field that was empty. Not for secrets."""
    return "; ".join(
        f"{name}: {before[name]} -> {value}" if before[name] not in (None, "") else f"{name}: {value}"
        for name, value in after.items()
        if before[name] != value
    )
