"""Reversals: an entry that is undone by its mirror image."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts import audit
from apps.accounts.models import AuditAction, Proposal
from apps.accounts.proposals.services import (
    confirmed_subjects,
    open_proposals,
    propose_or_confirm,
    two_are_needed,
    two_are_needed_for,
)
from apps.core.errors import DomainError, NotFound
from apps.core.values.business_day import business_day, business_day_start
from apps.core.values.money import ZERO
from apps.outbox.models import EventType
from apps.outbox.services import record_event
from apps.transactions.entries.selectors import get_entry
from apps.transactions.ledger import postings
from apps.transactions.ledger.locking import LockedWallet, lock_wallet
from apps.transactions.ledger.write import draft_entry, write_entries
from apps.transactions.models import SETTLED_DELIVERIES, EntryType, LedgerEntry


class AlreadyReversed(DomainError):
    """The entry has a reversal already."""

    code = "already_reversed"


class NotReversible(DomainError):
    """A reversal cannot be reversed."""

    code = "not_reversible"


def reverse_entry(*, entry_id: UUID, reason: str, reversed_by_id: UUID) -> LedgerEntry | Proposal:
    """Undo an entry by its mirror image and return that reversal.

    If what this user alone reversed for the seller in this business day would exceed
    `CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT`, the first call returns a proposal, and another user's call reverses.

    Raises:
        NotFound: the entry does not exist.
        NotReversible: it is a reversal itself.
        AlreadyReversed: it has one.
        InsufficientBalance: it is a credit that was spent meanwhile.
        SecondApproverNeeded: this user proposed it already.
    """
    entry = LedgerEntry.objects.filter(pk=entry_id).first()
    if entry is None:
        raise NotFound("Transaction not found.")
    if entry.type == EntryType.REVERSAL:
        raise NotReversible("A reversal cannot be reversed.")
    with transaction.atomic(durable=True):
        wallet = lock_wallet(entry.seller_id)
        _check_not_reversed(entry)
        if entry.operator and not _is_settled(entry):
            raise NotReversible("Its outcome at the operator is not known yet: the delivery must be settled first.")
        if _needs_second_person(entry, reversed_by_id, wallet.now):
            terms = f"amount: {entry.amount}"
            proposal = propose_or_confirm(AuditAction.REVERSE, entry, terms=terms, actor_id=reversed_by_id)
            if proposal is not None:
                return proposal
        reversal = _write_mirror(wallet, entry, reason=reason, created_by_id=reversed_by_id)
        audit.record(AuditAction.REVERSE, entry, actor_id=reversed_by_id, detail=reason)
    return reversal


def give_back(entry: LedgerEntry, *, reason: str, given_back_by_id: UUID) -> LedgerEntry:
    """Reverse a sale that its operator did not deliver and return the reversal.

    The caller's transaction holds the lock on the delivery and writes its end: neither is kept without the other.

    Raises:
        AlreadyReversed: it was given back already.
    """
    wallet = lock_wallet(entry.seller_id)
    _check_not_reversed(entry)
    return _write_mirror(wallet, entry, reason=reason, created_by_id=given_back_by_id)


def _check_not_reversed(entry: LedgerEntry) -> None:
    if LedgerEntry.objects.filter(seller_id=entry.seller_id, reverses_id=entry.pk).exists():
        raise AlreadyReversed("This transaction was already reversed.")


def _is_settled(entry: LedgerEntry) -> bool:
    """Tell whether the operator has said what became of a sale; that is final, so no lock is needed."""
    return LedgerEntry.objects.filter(pk=entry.pk, delivery__status__in=SETTLED_DELIVERIES).exists()


def _write_mirror(wallet: LockedWallet, entry: LedgerEntry, *, reason: str, created_by_id: UUID) -> LedgerEntry:
    sold_today = entry.type == EntryType.CHARGE_SALE and business_day(entry.created_at) == wallet.spent_on
    posting = postings.reversal(entry, reason=reason, sold_today=sold_today)
    reversal = draft_entry(wallet, posting, created_by_id=created_by_id)
    write_entries(wallet, [reversal])
    told = get_entry(entry.pk, seller_scope=None)
    record_event(EventType.TRANSACTION_REVERSED, seller_id=entry.seller_id, about=told)
    return reversal


def _needs_second_person(entry: LedgerEntry, actor_id: UUID, now: datetime) -> bool:
    """Judge the sum of a day, so that a large amount cannot be split; read under the wallet's lock."""
    if not two_are_needed():
        return False
    made_today = LedgerEntry.objects.filter(
        seller_id=entry.seller_id, type=EntryType.REVERSAL, created_by=actor_id, created_at__gte=business_day_start(now)
    )
    amounts = {str(reversed_id): amount for reversed_id, amount in made_today.values_list("reverses_id", "amount")}
    by_two = confirmed_subjects(AuditAction.REVERSE, set(amounts))
    alone = sum((amount for reversed_id, amount in amounts.items() if reversed_id not in by_two), ZERO)
    proposals = open_proposals().filter(action=AuditAction.REVERSE.value, subject_id=str(entry.pk))
    return proposals.exclude(proposed_by=actor_id).exists() or two_are_needed_for(alone + entry.amount)
