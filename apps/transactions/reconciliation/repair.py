"""Repair of a wallet that disagrees with its ledger."""

from uuid import UUID

from django.db import transaction

from apps.core.observability import events
from apps.core.values.money import ZERO
from apps.transactions.ledger.locking import lock_wallet
from apps.transactions.ledger.write import restore_wallet
from apps.transactions.models import LedgerEntry
from apps.transactions.reconciliation.reconcile import SellerReconciliation, has_broken_links, reconcile_seller


class LedgerInconsistent(Exception):
    """The entries of a seller contradict each other, so its balance does not follow from them."""


def repair_wallet(*, seller_id: UUID) -> SellerReconciliation:
    """Set a wallet to what its ledger says, if the two disagree; never the ledger to the wallet.

    Return the reconciliation under the wallet's lock. Sales of this seller wait meanwhile.

    Raises:
        NotFound: the seller does not exist.
        LedgerInconsistent: the ledger contradicts itself; nothing was changed.
    """
    with transaction.atomic(durable=True):
        wallet = lock_wallet(seller_id)
        found = reconcile_seller(seller_id)
        if found.is_reconciled:
            return found
        newest = LedgerEntry.objects.filter(seller_id=seller_id).order_by("-sequence").first()
        _check_ledger(found, newest)
        restore_wallet(wallet, newest)
    events.balance_restored(
        seller_id, before=found.current_balance, after=found.calculated_balance,
        sequence_before=found.wallet_sequence, sequence_after=found.last_sequence,
    )  # fmt: skip
    return found


def _check_ledger(found: SellerReconciliation, newest: LedgerEntry | None) -> None:
    stated = newest.balance_after if newest else ZERO
    if stated != found.calculated_balance:
        raise LedgerInconsistent(f"its entries add up to {found.calculated_balance}, but the newest says {stated}")
    if found.total_transactions != found.last_sequence or has_broken_links(found.seller_id):
        raise LedgerInconsistent("its entries do not follow each other without a gap")
