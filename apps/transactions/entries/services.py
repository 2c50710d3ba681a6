"""Reversals: an entry that is undone by its mirror image."""

from uuid import UUID

from django.db import transaction

from apps.accounts import audit
from apps.accounts.models import AuditAction
from apps.core.errors import DomainError, NotFound
from apps.core.values.business_day import business_day
from apps.transactions.ledger import postings
from apps.transactions.ledger.locking import lock_wallet
from apps.transactions.ledger.write import draft_entry, write_entries
from apps.transactions.models import EntryType, LedgerEntry


class AlreadyReversed(DomainError):
    """The entry has a reversal already."""

    code = "already_reversed"


class NotReversible(DomainError):
    """A reversal cannot be reversed."""

    code = "not_reversible"


def reverse_entry(*, entry_id: UUID, reason: str, reversed_by_id: UUID) -> LedgerEntry:
    """Undo an entry by its mirror image and return that reversal.

    Raises:
        NotFound: the entry does not exist.
        NotReversible: it is a reversal itself.
        AlreadyReversed: it has one.
        InsufficientBalance: it is a credit that was spent meanwhile.
    """
    entry = LedgerEntry.objects.filter(pk=entry_id).first()
    if entry is None:
        raise NotFound("Transaction not found.")
    if entry.type == EntryType.REVERSAL:
        raise NotReversible("A reversal cannot be reversed.")
    with transaction.atomic(durable=True):
        wallet = lock_wallet(entry.seller_id)
        if LedgerEntry.objects.filter(seller_id=entry.seller_id, reverses_id=entry.pk).exists():
            raise AlreadyReversed("This transaction was already reversed.")
        sold_today = entry.type == EntryType.CHARGE_SALE and business_day(entry.created_at) == wallet.spent_on
        posting = postings.reversal(entry, reason=reason, sold_today=sold_today)
        reversal = draft_entry(wallet, posting, created_by_id=reversed_by_id)
        write_entries(wallet, [reversal])
        audit.record(AuditAction.REVERSE, entry, actor_id=reversed_by_id, detail=reason)
    return reversal
