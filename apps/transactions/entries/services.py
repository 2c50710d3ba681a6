"""Reversals: an entry that is undone by its mirror image."""

from uuid import UUID

from django.db import transaction

from apps.accounts import audit
from apps.accounts.models import AuditAction, Proposal
from apps.accounts.proposals.services import propose_or_confirm
from apps.core.errors import DomainError, NotFound
from apps.core.values.business_day import business_day
from apps.outbox.models import EventType
from apps.outbox.services import record_event
from apps.transactions.entries.review import needs_second_person
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
        if needs_second_person(entry, reversed_by_id, wallet.now):
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
    sale = LedgerEntry.objects.filter(seller_id=entry.seller_id, pk=entry.pk)
    return sale.filter(delivery__status__in=SETTLED_DELIVERIES).exists()


def _write_mirror(wallet: LockedWallet, entry: LedgerEntry, *, reason: str, created_by_id: UUID) -> LedgerEntry:
    sold_today = entry.type == EntryType.CHARGE_SALE and business_day(entry.created_at) == wallet.spent_on
    posting = postings.reversal(entry, reason=reason, sold_today=sold_today)
    reversal = draft_entry(wallet, posting, created_by_id=created_by_id)
    write_entries(wallet, [reversal])
    told = get_entry(entry.pk, seller_scope=entry.seller_id)
    record_event(EventType.TRANSACTION_REVERSED, seller_id=entry.seller_id, about=told)
    return reversal
