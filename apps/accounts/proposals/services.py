"""Four eyes for steps that are not credit requests: the first call proposes, the same call of another user confirms.

A use case holds the lock on what it changes (a wallet's, a seller's or a user's row), asks whether two are needed, and
then calls `propose_or_confirm`.
"""

from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db.models import Model, QuerySet
from django.utils import timezone

from apps.accounts import audit
from apps.accounts.models import PROPOSALS_LAST, AuditAction, Proposal
from apps.core.errors import DomainError


class SecondApproverNeeded(DomainError):
    """The step needs two people, and this one has taken it already."""

    code = "second_approver_needed"


def two_are_needed() -> bool:
    """Tell whether four eyes are switched on at all."""
    return settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT is not None


def two_are_needed_for(amount: Decimal) -> bool:
    """Tell whether an amount is above what one person may move or allow."""
    limit: Decimal | None = settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT
    return limit is not None and amount > limit


def open_proposals() -> QuerySet[Proposal]:
    """Return the proposals that another user can still confirm."""
    return Proposal.objects.filter(confirmed_at__isnull=True, proposed_at__gt=timezone.now() - PROPOSALS_LAST)


def propose_or_confirm(action: AuditAction, subject: Model, *, terms: str, actor_id: UUID) -> Proposal | None:
    """Return None if another user proposed the same step on the same terms: the caller takes it. Else propose it.

    The caller's transaction holds the lock on `subject`, so of two users at once one proposes and the other confirms.

    Raises:
        SecondApproverNeeded: only this user has proposed it.
    """
    step = {"action": action.value, "subject": subject._meta.label_lower, "subject_id": str(subject.pk)}
    found = open_proposals().filter(**step, terms=terms)
    proposal = found.exclude(proposed_by=actor_id).first()
    if proposal is not None:
        proposal.confirmed_by_id, proposal.confirmed_at = actor_id, timezone.now()
        proposal.save(update_fields=["confirmed_by", "confirmed_at"])
        return None
    if found.exists():
        raise SecondApproverNeeded("You proposed this step already; another user must confirm it.")
    audit.record(AuditAction.PROPOSE, subject, actor_id=actor_id, detail=f"{action.value}; {terms}")
    return Proposal.objects.create(**step, subject_name=str(subject)[:200], terms=terms, proposed_by_id=actor_id)


def confirmed_subjects(action: AuditAction, subject_ids: set[str]) -> set[str]:
    """Return those of `subject_ids` on which two people have taken the step."""
    confirmed = Proposal.objects.filter(action=action.value, subject_id__in=subject_ids, confirmed_at__isnull=False)
    return set(confirmed.values_list("subject_id", flat=True))
