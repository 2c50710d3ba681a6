"""The end of a delivery: what an operator or a person says becomes its status, and money goes back if it failed.

Lock order: the delivery's row, then the wallet's row. The operator is never called here.
"""

import logging
import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.models import Sum
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.models import AuditAction, Proposal, User
from apps.accounts.proposals.services import propose_or_confirm, two_are_needed, two_are_needed_for
from apps.core.errors import DomainError, NotFound
from apps.core.values.business_day import business_day_start
from apps.core.values.money import ZERO
from apps.delivery.adapters.protocol import Answer, Outcome
from apps.delivery.models import Attempt, Delivery, DeliveryStatus
from apps.outbox.models import EventType
from apps.outbox.services import record_event
from apps.transactions.entries.selectors import get_entry
from apps.transactions.entries.services import give_back

logger = logging.getLogger("sharj.deliveries")

PLATFORM_USERNAME = "platform:delivery"  # no name that can be registered: it has a colon
_STATUS_OF = {
    Outcome.DELIVERED: DeliveryStatus.DELIVERED,
    Outcome.REFUSED: DeliveryStatus.FAILED,
    Outcome.ACCEPTED: DeliveryStatus.SUBMITTED,
    Outcome.UNKNOWN: DeliveryStatus.UNKNOWN,
}
# The two ends, and the event of each.
_EVENT_OF = {
    DeliveryStatus.DELIVERED: EventType.CHARGE_DELIVERED,
    DeliveryStatus.FAILED: EventType.CHARGE_FAILED,
}
_RESUBMIT = """
UPDATE delivery_delivery
SET status = 'submitted', attempts = attempts + 1, next_step_at = clock_timestamp() + make_interval(secs => %s)
WHERE entry_id = %s AND next_step_at = %s RETURNING next_step_at"""


class DeliveryNotUnknown(DomainError):
    """Only a delivery whose outcome is unknown can be resolved by a person."""

    code = "invalid_status_transition"


class NotSubmittedYet(DomainError):
    """The operator tells of a reference that was not given to it yet."""

    code = "invalid_status_transition"


def record_answer(
    delivery_id: UUID,
    kind: Attempt.Kind,
    answer: Answer,
    *,
    milliseconds: int | None = None,
    lease: datetime | None = None,
    operator: str | None = None,
) -> Delivery:
    """Record what an operator said, as an attempt and as the status of the delivery; return the delivery.

    `lease` is the caller's, of a step. A callback has none, but the `operator` that signed it. A final word counts
    whenever it comes. Silence counts only while the lease is the caller's own: another process may have heard more.
    After `UNHEARD` the caller keeps its lease, and submits again.

    Raises:
        NotFound: no delivery has this id, or another operator makes it.
        NotSubmittedYet: a callback came before the submission.
    """
    with transaction.atomic(durable=True):
        delivery = _lock(delivery_id, operator=operator)
        if delivery.status == DeliveryStatus.PENDING:
            raise NotSubmittedYet("This reference was not submitted yet.", current_status=delivery.status)
        Attempt.objects.create(
            delivery=delivery,
            kind=kind,
            outcome=answer.outcome,
            sent=answer.sent[:1_000],
            answered=answer.answered[:1_000],
            milliseconds=milliseconds,
        )
        status = _STATUS_OF.get(answer.outcome, DeliveryStatus(delivery.status))
        if delivery.is_settled:
            _note_contradiction(delivery, status, answer)
        elif status in _EVENT_OF:
            _settle(delivery, status, answer)
        elif answer.outcome is not Outcome.UNHEARD and lease in (None, delivery.next_step_at):
            _wait(delivery, status, answer)
    return delivery


def record_resubmission(delivery_id: UUID, lease: datetime) -> datetime | None:
    """Mark that the operator, who never heard of the reference, gets it again; return the new lease.

    None: the lease was over, and another process has the delivery now.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RESUBMIT, [settings.DELIVERY_LEASE_SECONDS, delivery_id, lease])
        row: tuple[datetime] | None = cursor.fetchone()
    return row[0] if row else None


def resolve_delivery(*, delivery_id: UUID, outcome: str, reason: str, resolved_by_id: UUID) -> Delivery | Proposal:
    """Settle an unknown delivery as a person found out; above the review amount, two people.

    The first of two gets the proposal that the other confirms by the same call.

    Raises:
        NotFound: no delivery has this id.
        DeliveryNotUnknown: its outcome is known, or the operator was not asked yet.
        SecondApproverNeeded: this user proposed it already.
    """
    with transaction.atomic(durable=True):
        delivery = _lock(delivery_id)
        if delivery.status != DeliveryStatus.UNKNOWN:
            raise DeliveryNotUnknown(
                _("This delivery is %(status)s.") % {"status": delivery.get_status_display().lower()},
                current_status=delivery.status,
            )
        if _needs_second_person(delivery, resolved_by_id):
            terms = f"outcome: {outcome}; amount: {delivery.entry.amount}"
            proposal = propose_or_confirm(AuditAction.RESOLVE, delivery, terms=terms, actor_id=resolved_by_id)
            if proposal is not None:
                return proposal
        Attempt.objects.create(
            delivery=delivery, kind=Attempt.Kind.RESOLVE, outcome=outcome, answered=reason, by_id=resolved_by_id
        )
        delivery.resolved_by_id = resolved_by_id
        status = DeliveryStatus.DELIVERED if outcome == "delivered" else DeliveryStatus.FAILED
        answer = Answer(Outcome.UNKNOWN, operator_reference=delivery.operator_reference, message=reason)
        _settle(delivery, status, answer, given_back_by_id=resolved_by_id)
        audit.record(AuditAction.RESOLVE, delivery, actor_id=resolved_by_id, detail=f"{outcome}: {reason}")
    return delivery


def _lock(delivery_id: UUID, *, operator: str | None = None) -> Delivery:
    deliveries = Delivery.objects.select_related("entry").select_for_update(of=("self",), no_key=True)
    delivery = deliveries.filter(pk=delivery_id).first()
    if delivery is None or operator not in (None, delivery.operator_id):
        raise NotFound("Delivery not found.")
    return delivery


def _settle(
    delivery: Delivery, status: DeliveryStatus, answer: Answer, *, given_back_by_id: UUID | None = None
) -> None:
    """Write the end of a delivery; a failed one gives the money back, by a reversal in the same transaction."""
    _update(delivery, status, answer, next_step_at=None, resolved_by=delivery.resolved_by_id)
    if status == DeliveryStatus.FAILED:
        reason = answer.message or "The operator refused the charge."
        give_back(delivery.entry, reason=reason[:500], given_back_by_id=given_back_by_id or _platform_user_id())
    told = get_entry(delivery.pk, seller_scope=None)
    record_event(_EVENT_OF[status], seller_id=delivery.seller_id, about=told)
    logger.info("delivery settled", extra={"fields": _fields(delivery)})


def _wait(delivery: Delivery, status: DeliveryStatus, answer: Answer) -> None:
    """Keep a delivery open and ask again later; a call that was not sent says nothing about it."""
    seconds = min(
        settings.DELIVERY_RETRY_SECONDS * 2 ** min(delivery.attempts - 1, 20), settings.DELIVERY_RETRY_MOST_SECONDS
    )
    later = timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311  (spreads the load, guards nothing)
    if status == DeliveryStatus.UNKNOWN != delivery.status:
        logger.warning("delivery unknown", extra={"fields": _fields(delivery)})
    _update(delivery, status, answer, next_step_at=Now() + later)


def _update(delivery: Delivery, status: DeliveryStatus, answer: Answer, **changes: Any) -> None:
    delivery.status = status
    delivery.operator_reference = answer.operator_reference or delivery.operator_reference
    delivery.message = answer.message or delivery.message
    Delivery.objects.filter(pk=delivery.pk).update(
        status=status, operator_reference=delivery.operator_reference, message=delivery.message, **changes
    )


def _note_contradiction(delivery: Delivery, status: DeliveryStatus, answer: Answer) -> None:
    """Log an operator that says another end than it said before: no step leads from one end to the other."""
    if status in _EVENT_OF and status != delivery.status:
        fields = {**_fields(delivery), "said_now": answer.outcome.value}
        logger.error("operator contradicts a settled delivery", extra={"fields": fields})


def _fields(delivery: Delivery) -> dict[str, object]:
    return {
        "delivery": delivery.pk, "seller": delivery.seller_id, "operator": delivery.operator_id,
        "status": delivery.status, "attempts": delivery.attempts,
    }  # fmt: skip


def _platform_user_id() -> UUID:
    """Return the user in whose name the platform itself gives money back; it cannot log in."""
    user, _created = User.objects.get_or_create(
        username=PLATFORM_USERNAME, defaults={"is_active": False, "password": make_password(None)}
    )
    return user.pk


def _needs_second_person(delivery: Delivery, actor_id: UUID) -> bool:
    """Judge the sum that one person settles for a seller in a day, so that a large amount cannot be split."""
    if not two_are_needed():
        return False
    settled = Delivery.objects.filter(
        seller_id=delivery.seller_id, resolved_by=actor_id, updated_at__gte=business_day_start(timezone.now())
    )
    alone: Decimal = settled.aggregate(sum=Sum("entry__amount"))["sum"] or ZERO
    return two_are_needed_for(alone + delivery.entry.amount)
