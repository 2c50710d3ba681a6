"""Selling charges, reversing entries, and putting a wallet right that disagrees with its ledger."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from apps.accounts.models import Seller, SellerRole
from apps.accounts.tokens import Claims, InvalidToken
from apps.core import events
from apps.core.business_day import business_day
from apps.core.errors import DomainError, NotFound, PermissionDenied
from apps.core.money import ZERO, format_money
from apps.transactions import ledger, postings
from apps.transactions.ledger import LockedWallet
from apps.transactions.models import EntryType, LedgerEntry
from apps.transactions.reconciliation import SellerReconciliation, has_broken_links, reconcile_seller

_MAY_SELL = frozenset({SellerRole.OWNER.value, SellerRole.OPERATOR.value})


class SellerNotActive(DomainError):
    """The seller is pending or suspended."""

    code = "seller_not_active"


class DailyLimitExceeded(DomainError):
    """The sale would exceed what the seller may sell in one business day."""

    code = "daily_limit_exceeded"


class IdempotencyKeyReused(DomainError):
    """The key already moved money for another payload."""

    code = "idempotency_key_reused"


class AlreadyReversed(DomainError):
    """The entry has a reversal already."""

    code = "already_reversed"


class NotReversible(DomainError):
    """A reversal cannot be reversed."""

    code = "not_reversible"


class LedgerInconsistent(Exception):
    """The entries of a seller contradict each other, so they cannot tell what its balance is."""


@dataclass(frozen=True, slots=True)
class Sale:
    """A charge that was sold. `replayed`: by an earlier request with the same key, not by this one."""

    entry: LedgerEntry
    replayed: bool


def sell_charge(*, claims: Claims, phone_number: str, amount: Decimal, idempotency_key: str = "") -> Sale:
    """Sell `amount` of credit to `phone_number` (E.164) from the wallet of the caller's seller.

    The key is looked up under the wallet's lock and before the balance, so of any number of equal requests one sells
    and all get the same answer. A refused sale moved nothing and leaves its key free.

    Raises:
        InvalidToken: the caller's session is over.
        PermissionDenied: the caller may not sell.
        IdempotencyKeyReused, SellerNotActive, InsufficientBalance, DailyLimitExceeded: see each.
    """
    seller_id = _selling_seller(claims)
    with transaction.atomic(durable=True):
        wallet = ledger.lock_wallet(seller_id, session_id=claims.session_id, idempotency_key=idempotency_key)
        _check_actor(wallet)
        if wallet.earlier_entry_id is not None:
            return _replay(wallet.earlier_entry_id, phone_number, amount)
        _check_seller(wallet)
        _check_daily_limit(wallet, amount)
        posting = postings.charge(
            seller_id=seller_id, amount=amount, phone_number=phone_number, idempotency_key=idempotency_key
        )
        [entry] = ledger.post(wallet, [posting], created_by_id=claims.user_id)
    return Sale(entry, replayed=False)


def check_may_sell(claims: Claims) -> None:
    """Refuse a caller that may not sell, before its input is looked at.

    Raises:
        InvalidToken, PermissionDenied: as `sell_charge` does.
    """
    seller_id = _selling_seller(claims)
    with transaction.atomic(durable=True):
        _check_actor(ledger.lock_wallet(seller_id, session_id=claims.session_id))


def _selling_seller(claims: Claims) -> UUID:
    if claims.seller_id is None:
        raise PermissionDenied("Only users of a seller sell charges.")
    return claims.seller_id


def _check_actor(wallet: LockedWallet) -> None:
    if wallet.actor_role is None:
        raise InvalidToken
    if wallet.actor_role not in _MAY_SELL:
        raise PermissionDenied("This role may not sell charges.")


def _check_seller(wallet: LockedWallet) -> None:
    if wallet.seller_status != Seller.Status.ACTIVE:
        raise SellerNotActive(f"The seller is {wallet.seller_status}.", seller_status=wallet.seller_status)


def _check_daily_limit(wallet: LockedWallet, amount: Decimal) -> None:
    limit = wallet.daily_limit
    # A balance that is too small is the plainer reason, so it is told first.
    if limit is None or wallet.spent_today + amount <= limit or amount > wallet.balance:
        return
    raise DailyLimitExceeded(
        "The daily limit would be exceeded.",
        daily_limit=format_money(limit),
        spent_today=format_money(wallet.spent_today),
        available_today=format_money(max(ZERO, limit - wallet.spent_today)),
    )


def _replay(earlier_entry_id: UUID, phone_number: str, amount: Decimal) -> Sale:
    earlier = LedgerEntry.objects.get(pk=earlier_entry_id)
    if (earlier.phone_number, earlier.amount) != (phone_number, amount):
        raise IdempotencyKeyReused("This Idempotency-Key already sold another charge.")
    return Sale(earlier, replayed=True)


def reverse_entry(*, entry_id: UUID, reason: str, reversed_by_id: UUID) -> LedgerEntry:
    """Undo an entry by its mirror image and return that reversal.

    Raises:
        NotFound: there is no such entry.
        NotReversible: it is a reversal itself.
        AlreadyReversed: it has one.
        InsufficientBalance: it is a credit that was spent meanwhile.
    """
    entry = LedgerEntry.objects.filter(pk=entry_id).first()
    if entry is None:
        raise NotFound("There is no such transaction.")
    if entry.type == EntryType.REVERSAL:
        raise NotReversible("A reversal cannot be reversed.")
    with transaction.atomic(durable=True):
        wallet = ledger.lock_wallet(entry.seller_id)
        if LedgerEntry.objects.filter(seller_id=entry.seller_id, reverses_id=entry.pk).exists():
            raise AlreadyReversed("This transaction was already reversed.")
        sold_today = entry.type == EntryType.CHARGE_SALE and business_day(entry.created_at) == wallet.spent_on
        posting = postings.reversal(entry, reason=reason, sold_today=sold_today)
        [reversal] = ledger.post(wallet, [posting], created_by_id=reversed_by_id)
    return reversal


def restore_wallet(*, seller_id: UUID) -> SellerReconciliation:
    """Set a wallet to what its ledger says, if the two disagree; never the ledger to the wallet.

    Return what was found under the wallet's lock. Sales of this seller wait meanwhile.

    Raises:
        NotFound: there is no such seller.
        LedgerInconsistent: the ledger contradicts itself; nothing was changed.
    """
    with transaction.atomic(durable=True):
        wallet = ledger.lock_wallet(seller_id)
        found = reconcile_seller(seller_id)
        if found.is_reconciled:
            return found
        newest = LedgerEntry.objects.filter(seller_id=seller_id).order_by("-sequence").first()
        _check_ledger(found, newest)
        ledger.restore(wallet, newest)
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
