"""Four eyes of credit requests: judged when a user approves, and foretold before."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum, auto
from uuid import UUID

from django.db.models import F, Sum
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.proposals.services import two_are_needed, two_are_needed_for
from apps.core.values.business_day import business_day_start
from apps.core.values.money import ZERO
from apps.credit_requests.models import CreditRequest


class Outcome(Enum):
    """The result that an approval by a certain user would have now."""

    CREDITED = auto()
    WAITS = auto()  # it becomes the first of two approvals
    APPROVED_BEFORE = auto()  # by the same user, so another must approve
    OWN = auto()  # filed by the same user
    DECIDED = auto()


def approved_alone(approver: User, seller_ids: Collection[UUID], now: datetime) -> dict[UUID, Decimal]:
    """Return the sum that `approver` alone has approved for each seller in the business day of `now`."""
    if not two_are_needed():
        return {}
    alone = CreditRequest.objects.filter(
        seller_id__in=seller_ids,
        status=CreditRequest.Status.APPROVED,
        processed_by=approver,
        first_approved_by__isnull=True,
        entry__seller_id=F("seller_id"),
        entry__created_at__gte=business_day_start(now),
    )
    return dict(alone.order_by().values_list("seller_id").annotate(sum=Sum("amount")))


def needs_second_approval(credit_request: CreditRequest, approver: User, now: datetime) -> bool:
    """Judge the sum of a day, so that a large amount cannot be split; the caller holds the wallet's lock."""
    alone = approved_alone(approver, [credit_request.seller_id], now)
    return two_are_needed_for(credit_request.amount + alone.get(credit_request.seller_id, ZERO))


def foretell_approvals(requests: Sequence[CreditRequest], approver: User) -> list[Outcome]:
    """Return the outcome of each approval, if they are carried out in this order; in one query, without a lock."""
    alone = approved_alone(approver, {one.seller_id for one in requests}, timezone.now())
    outcomes = []
    for one in requests:
        sum_with_it = alone.get(one.seller_id, ZERO) + one.amount
        outcome = _foretell(one, approver, sum_with_it)
        if outcome is Outcome.CREDITED and one.first_approved_by_id is None:
            alone[one.seller_id] = sum_with_it
        outcomes.append(outcome)
    return outcomes


def _foretell(credit_request: CreditRequest, approver: User, sum_with_it: Decimal) -> Outcome:
    if not credit_request.is_open:
        return Outcome.DECIDED
    if credit_request.requested_by_id == approver.pk:
        return Outcome.OWN
    if credit_request.first_approved_by_id is None:
        return Outcome.WAITS if two_are_needed_for(sum_with_it) else Outcome.CREDITED
    is_same = credit_request.first_approved_by_id == approver.pk
    return Outcome.APPROVED_BEFORE if is_same else Outcome.CREDITED
