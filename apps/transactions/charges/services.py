"""The sale of charges, one or many."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from django.db import DatabaseError, transaction

from apps.accounts.models import Seller
from apps.accounts.roles import MAY_SELL
from apps.accounts.sessions import services as sessions
from apps.accounts.sessions.tokens import Claims, InvalidToken
from apps.core.errors import DomainError, PermissionDenied
from apps.transactions.charges import routing
from apps.transactions.charges.refusals import count_batch, counting_refusals
from apps.transactions.charges.sales import Batch, DryRun, InvalidItem, Sale
from apps.transactions.entries.selectors import as_shown, read_sold
from apps.transactions.ledger import postings
from apps.transactions.ledger.locking import Caller, LockedWallet, actor_role, lock_wallet, lock_wallet_for, read_wallet
from apps.transactions.ledger.postings import Order as Order
from apps.transactions.ledger.write import draft_entry, write_entries
from apps.transactions.models import LedgerEntry


class SellerNotActive(DomainError):
    """The seller is pending or suspended."""

    code = "seller_not_active"


class IdempotencyKeyReused(DomainError):
    """The key already moved money for another payload."""

    code = "idempotency_key_reused"


class IdempotencyKeyRequired(DomainError):
    """The seller wants no charge without an idempotency key."""

    code = "idempotency_key_required"


class BulkRejected(DomainError):
    """An item of an atomic batch was refused, so nothing of it was sold; `batch` has the outcome of each item."""

    code = "bulk_rejected"

    def __init__(self, message: str, batch: Batch) -> None:
        super().__init__(message)
        self.batch = batch


class RefusedWithBatch(DomainError):
    """The item by itself would have been sold."""

    code = "bulk_rejected"


@counting_refusals
def sell_charge(
    *, claims: Claims, phone_number: str, amount: Decimal, idempotency_key: str = "", operator: str = ""
) -> Sale:
    """Sell `amount` of credit to `phone_number` (E.164) from the wallet of the caller's seller.

    The key is looked up under the wallet's lock and before the balance, so of any number of equal requests one sells
    and all are answered with its entry. A refused sale moved nothing and leaves its key free.

    Raises:
        InvalidToken: the caller's session is over.
        PermissionDenied: the caller may not sell.
        IdempotencyKeyReused, IdempotencyKeyRequired: the key, or its absence, is refused.
        SellerNotActive, InsufficientBalance, DailyLimitExceeded: see each.
        OperatorNotFound, OperatorUnavailable, ProductNotOffered: see each.
    """
    order = Order(phone_number=phone_number, amount=amount, idempotency_key=idempotency_key, operator=operator)
    return sell_one(claims, order)


def sell_one(claims: Claims, order: Order) -> Sale:
    """Do what `sell_charge` does, but for counting the refusal."""
    seller_id = _selling_seller(claims)
    routing.refresh()
    with transaction.atomic(durable=True):
        wallet = lock_wallet(seller_id, session_id=claims.session_id, idempotency_key=order.idempotency_key)
        _check_actor(wallet.actor_role)
        sale = _draft_or_replay(wallet, order, claims)
        if sale.replayed:
            transaction.set_rollback(True)  # nothing was written, and a commit would wait for the disk
        else:
            write_entries(wallet, [sale.entry])
    return sale


def sell_together(sales: Sequence[tuple[Claims, Order]]) -> list[Sale | DomainError]:
    """Sell charges of several callers of one seller in their order, under one lock; each is sold or refused by itself.

    Sessions, roles and keys are read under the lock, as for a single sale.
    """
    seller_id = _selling_seller(sales[0][0])
    orders = [order for _, order in sales]
    routing.refresh()
    with transaction.atomic(durable=True):
        wallet, callers = lock_wallet_for(
            seller_id, [(claims.session_id, order.idempotency_key) for claims, order in sales]
        )
        is_repeated = any(caller.earlier_entry for caller in callers)
        earlier = _entries_by_key(seller_id, orders) if is_repeated else {}
        results = [
            _sell_for(wallet, caller, order, earlier, claims)
            for caller, (claims, order) in zip(callers, sales, strict=True)
        ]
        sold = Batch(results, wallet.balance).sold
        if sold:
            write_entries(wallet, sold)
        else:
            transaction.set_rollback(True)
    return results


def _sell_for(
    wallet: LockedWallet, caller: Caller, order: Order, earlier: dict[str, LedgerEntry], claims: Claims
) -> Sale | DomainError:
    """Return the outcome of one sale of several callers; a caller that may not sell is refused by itself."""
    try:
        _check_actor(caller.actor_role)
        if order.idempotency_key not in earlier:
            _check_seller(wallet)
    except DomainError as refusal:
        return refusal
    return _sell_item(wallet, order, earlier, claims)


@counting_refusals
def sell_charges(*, claims: Claims, orders: Sequence[Order | InvalidItem], is_atomic: bool) -> Batch:
    """Sell a batch in its order, under one lock and in one transaction; each item is sold or refused by itself.

    An item that is malformed stands among the orders as its own refusal.

    Raises:
        InvalidToken, PermissionDenied, SellerNotActive: of the caller; nothing was sold.
        BulkRejected: `is_atomic`, and one item was refused; nothing was sold.
    """
    seller_id = _selling_seller(claims)
    routing.refresh()
    with transaction.atomic(durable=True):
        wallet = lock_wallet(seller_id, session_id=claims.session_id)
        _check_actor(wallet.actor_role)
        batch, refusal = _draft_batch(wallet, orders, claims, is_atomic=is_atomic)
        if batch.sold:
            write_entries(wallet, batch.sold)
        else:
            transaction.set_rollback(True)
    count_batch(batch)
    if refusal is not None:
        raise refusal
    return batch


def try_charge(
    *, claims: Claims, phone_number: str, amount: Decimal, idempotency_key: str = "", operator: str = ""
) -> DryRun:
    """Return what `sell_charge` would do now, by the same checks without the lock; nothing is written.

    Raises:
        InvalidToken, PermissionDenied: of the caller.
    """
    order = Order(phone_number=phone_number, amount=amount, idempotency_key=idempotency_key, operator=operator)
    routing.refresh()
    wallet = read_wallet(_selling_seller(claims), session_id=claims.session_id, idempotency_key=idempotency_key)
    _check_actor(wallet.actor_role)
    try:
        sale = _draft_or_replay(wallet, order, claims)
    except DomainError as refusal:
        return DryRun(Batch([refusal], wallet.balance), refusal)
    return DryRun(Batch([sale], wallet.balance), None)


def try_charges(*, claims: Claims, orders: Sequence[Order | InvalidItem], is_atomic: bool) -> DryRun:
    """Return what `sell_charges` would do now; as `try_charge`."""
    routing.refresh()
    wallet = read_wallet(_selling_seller(claims), session_id=claims.session_id)
    _check_actor(wallet.actor_role)
    try:
        return DryRun(*_draft_batch(wallet, orders, claims, is_atomic=is_atomic))
    except SellerNotActive as refusal:
        return DryRun(Batch([refusal] * len(orders), wallet.balance), refusal)


def objection_to(claims: Claims) -> Exception | None:
    """Return the reason for which this caller cannot sell at all, if there is one: a refusal, or a database error."""
    try:
        _check_actor(actor_role(_selling_seller(claims), claims.session_id))
    except (DomainError, DatabaseError) as objection:
        return objection
    return None


def _draft_or_replay(wallet: LockedWallet, order: Order, claims: Claims) -> Sale:
    """Return the sale that the key already made, or a new one that is not written yet."""
    if wallet.earlier_entry is not None:
        return _replay(read_sold(wallet.seller_id, wallet.earlier_entry), order)
    _check_seller(wallet)
    return Sale(_draft_sale(wallet, order, claims), replayed=False)


def _draft_batch(
    wallet: LockedWallet, orders: Sequence[Order | InvalidItem], claims: Claims, *, is_atomic: bool
) -> tuple[Batch, BulkRejected | None]:
    """Return the outcome of each order, its sales not written yet, and the refusal of an atomic batch as a whole."""
    well_formed = [order for order in orders if isinstance(order, Order)]
    earlier = _entries_by_key(wallet.seller_id, well_formed)
    if any(order.idempotency_key not in earlier for order in well_formed):
        _check_seller(wallet)
    balance_before = wallet.balance
    results = [_sell_item(wallet, order, earlier, claims) for order in orders]
    batch = Batch(results, wallet.balance)
    if not (is_atomic and batch.refusals):
        return batch, None
    batch = _unsold(batch, balance_before)
    return batch, BulkRejected("An item was refused, so nothing of the batch was sold.", batch)


def _unsold(batch: Batch, balance: Decimal) -> Batch:
    """Return `batch` as it is told when nothing of it was sold: its sales, and repeats of these, are refused too."""
    drafts = {entry.pk for entry in batch.sold}
    refusal = RefusedWithBatch("Another item was refused, and the batch is atomic.")
    results = [
        refusal if isinstance(result, Sale) and result.entry.pk in drafts else result for result in batch.results
    ]
    return Batch(results, balance)


def _entries_by_key(seller_id: UUID, orders: Sequence[Order]) -> dict[str, LedgerEntry]:
    keys = [order.idempotency_key for order in orders if order.idempotency_key]
    spent = LedgerEntry.objects.filter(seller_id=seller_id, idempotency_key__in=keys).exclude(idempotency_key="")
    return {entry.idempotency_key: entry for entry in as_shown(spent)}


def _sell_item(
    wallet: LockedWallet, order: Order | InvalidItem, earlier: dict[str, LedgerEntry], claims: Claims
) -> Sale | DomainError:
    """Sell one item of a batch or return its refusal; the entry it makes is `earlier` to the items after it."""
    if isinstance(order, InvalidItem):
        return order
    try:
        if order.idempotency_key in earlier:
            return _replay(earlier[order.idempotency_key], order)
        entry = _draft_sale(wallet, order, claims)
    except DomainError as refusal:
        return refusal
    if order.idempotency_key:
        earlier[order.idempotency_key] = entry
    return Sale(entry, replayed=False)


def _draft_sale(wallet: LockedWallet, order: Order, claims: Claims) -> LedgerEntry:
    if wallet.requires_key and not order.idempotency_key:
        raise IdempotencyKeyRequired("This seller requires an Idempotency-Key with every charge.")
    operator, price = routing.place(
        order.phone_number, order.amount, order.operator, seller_id=wallet.seller_id, day=wallet.today
    )
    posting = postings.charge(wallet.seller_id, order, operator=operator, price=price)
    return draft_entry(wallet, posting, created_by_id=claims.user_id)


def _selling_seller(claims: Claims) -> UUID:
    if claims.seller_id is None:
        if sessions.live_user(claims) is None:  # no wallet, so no lock under which the session is read
            raise InvalidToken
        raise PermissionDenied("Only users of a seller sell charges.")
    return claims.seller_id


def _check_actor(role: str | None) -> None:
    if role is None:
        raise InvalidToken
    if role not in MAY_SELL:
        raise PermissionDenied("This role may not sell charges.")


def _check_seller(wallet: LockedWallet) -> None:
    if wallet.seller_status != Seller.Status.ACTIVE:
        raise SellerNotActive(f"The seller is {wallet.seller_status}.", seller_status=wallet.seller_status)


def _replay(earlier: LedgerEntry, order: Order) -> Sale:
    if (earlier.phone_number, earlier.worth) != (order.phone_number, order.amount) or (
        order.operator and order.operator != earlier.operator
    ):
        raise IdempotencyKeyReused("This Idempotency-Key already sold another charge.")
    return Sale(earlier, replayed=True)
