"""Four eyes of reversals: judged when a user reverses, and foretold before."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum, auto
from uuid import UUID

from django.utils import timezone

from apps.accounts.models import AuditAction
from apps.accounts.proposals.services import confirmed_subjects, open_proposals, two_are_needed, two_are_needed_for
from apps.core.values.business_day import business_day_start
from apps.core.values.money import ZERO
from apps.transactions.models import EntryType, LedgerEntry


class Outcome(Enum):
    """The result that a reversal by a certain user would have now."""

    REVERSED = auto()
    WAITS = auto()  # it becomes a proposal
    PROPOSED_BEFORE = auto()  # by the same user, so another must reverse


def reversed_alone(actor_id: UUID, seller_ids: Collection[UUID], now: datetime) -> dict[UUID, Decimal]:
    """Return the sum that this user alone has reversed for each seller in the business day of `now`."""
    made_today = LedgerEntry.objects.filter(
        seller_id__in=seller_ids,
        type=EntryType.REVERSAL,
        created_by=actor_id,
        created_at__gte=business_day_start(now),
    )
    made = list(made_today.order_by().values_list("reverses_id", "seller_id", "amount"))
    by_two = confirmed_subjects(AuditAction.REVERSE, {str(reversed_id) for reversed_id, _, _ in made})
    sums: dict[UUID, Decimal] = {}
    for reversed_id, seller_id, amount in made:
        if str(reversed_id) not in by_two:
            sums[seller_id] = sums.get(seller_id, ZERO) + amount
    return sums


def needs_second_person(entry: LedgerEntry, actor_id: UUID, now: datetime) -> bool:
    """Judge the sum of a day, so that a large amount cannot be split; the caller holds the wallet's lock."""
    if not two_are_needed():
        return False
    if any(proposer != actor_id for proposer in _proposers([entry]).get(str(entry.pk), ())):
        return True
    alone = reversed_alone(actor_id, [entry.seller_id], now)
    return two_are_needed_for(entry.amount + alone.get(entry.seller_id, ZERO))


def foretell_reversals(entries: Sequence[LedgerEntry], actor_id: UUID) -> list[Outcome]:
    """Return the outcome of each reversal, if they are carried out in this order; in three queries, without a lock."""
    if not two_are_needed():
        return [Outcome.REVERSED] * len(entries)
    alone = reversed_alone(actor_id, {one.seller_id for one in entries}, timezone.now())
    proposers = _proposers(entries)
    outcomes = []
    for one in entries:
        by = proposers.get(str(one.pk), set())
        sum_with_it = alone.get(one.seller_id, ZERO) + one.amount
        if by - {actor_id}:
            outcomes.append(Outcome.REVERSED)  # by two, so it is not in the sum
        elif two_are_needed_for(sum_with_it):
            outcomes.append(Outcome.PROPOSED_BEFORE if by else Outcome.WAITS)
        else:
            alone[one.seller_id] = sum_with_it
            outcomes.append(Outcome.REVERSED)
    return outcomes


def _proposers(entries: Sequence[LedgerEntry]) -> dict[str, set[UUID]]:
    """Return the users who proposed the reversal of each of these entries."""
    ids = [str(one.pk) for one in entries]
    proposals = open_proposals().filter(action=AuditAction.REVERSE.value, subject_id__in=ids)
    found: dict[str, set[UUID]] = {}
    for subject_id, proposer in proposals.order_by().values_list("subject_id", "proposed_by"):
        found.setdefault(subject_id, set()).add(proposer)
    return found
