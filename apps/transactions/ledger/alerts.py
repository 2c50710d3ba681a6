"""The alert of a low balance: told once on the way down through it, and once on the way up."""

from collections.abc import Collection
from uuid import UUID

from apps.outbox.models import EventType
from apps.outbox.services import record_event
from apps.transactions.ledger.locking import LockedWallet, lock_wallet
from apps.transactions.models import Wallet


def is_below_alert(wallet: LockedWallet) -> bool:
    """Tell whether the balance is below the seller's alert; never without one."""
    return wallet.low_balance_alert is not None and wallet.balance < wallet.low_balance_alert


def tell_passing(wallet: LockedWallet) -> None:
    """Record that the balance of a locked wallet is now on the other side of the alert; `is_low` is as it was before.

    The two events alternate, because the state is on the row that is locked.
    """
    wallet.is_low = not wallet.is_low
    passing = EventType.BALANCE_LOW if wallet.is_low else EventType.BALANCE_RECOVERED
    record_event(passing, seller_id=wallet.seller_id, about=wallet)


def judge_new_alert(seller_id: UUID, changed: Collection[str]) -> None:
    """Compare the balance with a new alert, in the transaction that sets it, and tell at once if that changes the side.

    An alert above the balance is passed already: a program that waits for `balance.low` would wait for a sale that may
    never come. An alert that is lowered or taken away ends with `balance.recovered`.
    """
    if "low_balance_alert" not in changed:
        return
    wallet = lock_wallet(seller_id)
    if is_below_alert(wallet) is not wallet.is_low:
        Wallet.objects.filter(pk=seller_id).update(is_low=not wallet.is_low)
        tell_passing(wallet)
