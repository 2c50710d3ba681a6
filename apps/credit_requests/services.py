"""The life of a credit request: submitted, then approved, rejected or cancelled, once.

Lock order: the request row, then the wallet row.
"""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.models import AuditAction, Seller, User
from apps.accounts.proposals.services import SecondApproverNeeded
from apps.core.errors import DomainError, InvalidInput, NotFound
from apps.credit_requests.models import OPEN_STATUSES, CreditRequest
from apps.credit_requests.review import needs_second_approval
from apps.outbox.models import EventType
from apps.outbox.services import record_event
from apps.transactions.charges.services import IdempotencyKeyReused, SellerNotActive
from apps.transactions.ledger import postings
from apps.transactions.ledger.locking import lock_wallet
from apps.transactions.ledger.write import draft_entry, write_entries


class CreditRequestAlreadyProcessed(DomainError):
    """The request is decided already."""

    code = "credit_request_already_processed"


class SelfApproval(DomainError):
    """The approver filed the request; another user must process it."""

    code = "self_approval"


class OpenRequestLimitReached(DomainError):
    """The seller has as many requests without a decision as it may have."""

    code = "open_request_limit_reached"


class SellerNotActiveConfirm(DomainError):
    """The seller is pending or suspended, and the approver has not said that this is known."""

    code = "seller_not_active_confirm"


@dataclass(frozen=True, slots=True)
class Submission:
    """A filed request. `replayed`: by an earlier call with the same key, not by this one."""

    credit_request: CreditRequest
    replayed: bool


def submit_credit_request(
    *, requested_by: User, amount: Decimal, note: str = "", idempotency_key: str = ""
) -> Submission:
    """File a request for credit to the caller's seller.

    Raises:
        SellerNotActive: the seller is suspended.
        IdempotencyKeyReused: the key already filed another request.
        InvalidInput: the amount is above `CREDIT_REQUEST_MAX_AMOUNT`.
        OpenRequestLimitReached: too many of its requests wait for a decision.
    """
    seller = requested_by.seller
    assert seller is not None  # noqa: S101  (the view lets only users of a seller in)
    with transaction.atomic(durable=True):
        # The seller's row is the lock under which a key is looked up and open requests are counted.
        status = (
            Seller.objects.select_for_update(of=("self",), no_key=True)
            .values_list("status", flat=True)
            .get(pk=seller.pk)
        )
        earlier = _find_by_key(seller.pk, idempotency_key)
        if earlier is not None:
            if (earlier.amount, earlier.note) != (amount, note):
                raise IdempotencyKeyReused("This Idempotency-Key already filed another credit request.")
            return Submission(earlier, replayed=True)
        if status == Seller.Status.SUSPENDED:
            raise SellerNotActive("The seller is suspended.", seller_status=status)
        _check_quota(seller.pk, status, amount)
        credit_request = CreditRequest.objects.create(
            seller=seller, amount=amount, note=note, idempotency_key=idempotency_key, requested_by=requested_by
        )
    return Submission(credit_request, replayed=False)


def _check_quota(seller_id: UUID, status: str, amount: Decimal) -> None:
    most: Decimal | None = settings.CREDIT_REQUEST_MAX_AMOUNT
    if most is not None and amount > most:
        raise InvalidInput("amount", _("The amount may be at most %(most)s.") % {"most": most}, code="max_amount")
    is_pending = status == Seller.Status.PENDING
    limit = settings.PENDING_SELLER_OPEN_REQUESTS if is_pending else settings.SELLER_OPEN_REQUESTS
    if 0 < limit <= CreditRequest.objects.filter(seller_id=seller_id, status__in=OPEN_STATUSES).count():
        raise OpenRequestLimitReached("Too many credit requests wait for a decision.", limit=limit)


def _find_by_key(seller_id: UUID, idempotency_key: str) -> CreditRequest | None:
    if not idempotency_key:
        return None
    return CreditRequest.objects.filter(seller_id=seller_id, idempotency_key=idempotency_key).first()


def approve_credit_request(
    *, credit_request_id: UUID, approved_by: User, confirm_status: str | None = None
) -> CreditRequest:
    """Approve an open request: its amount reaches the ledger, exactly once.

    Above `CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT`, together with all that this approver alone approved for the seller in
    this business day, the first approval only makes it await another approver's. For a seller that is not active,
    `confirm_status` states the status that the approver knows it has.

    Raises:
        NotFound: the request does not exist.
        SelfApproval: the approver filed it.
        SecondApproverNeeded: this approver was the first of two.
        SellerNotActiveConfirm: the seller is not active, and `confirm_status` is not its status.
        CreditRequestAlreadyProcessed: it is decided.
    """
    with transaction.atomic(durable=True):
        credit_request = _lock_open(credit_request_id)
        _check_not_own(credit_request, approved_by)
        wallet = lock_wallet(credit_request.seller_id)
        _check_status_known(wallet.seller_status, confirm_status)
        is_first = credit_request.status == CreditRequest.Status.PENDING
        if is_first and needs_second_approval(credit_request, approved_by, wallet.now):
            _approve_first(credit_request, approved_by)
            audit.record(AuditAction.APPROVE_FIRST, credit_request, actor_id=approved_by.pk)
            return credit_request
        if credit_request.first_approved_by_id == approved_by.pk:
            raise SecondApproverNeeded("You approved this request already; another approver must approve it too.")
        posting = postings.credit(
            wallet.seller_id,
            credit_request.amount,
            credit_request_id=credit_request.pk,
            description=credit_request.note,
        )
        credit_request.entry = draft_entry(wallet, posting, created_by_id=approved_by.pk)
        write_entries(wallet, [credit_request.entry])
        _decide(credit_request, CreditRequest.Status.APPROVED, approved_by)
        record_event(EventType.CREDIT_REQUEST_APPROVED, seller_id=wallet.seller_id, about=credit_request)
        audit.record(AuditAction.APPROVE, credit_request, actor_id=approved_by.pk)
    return credit_request


def reject_credit_request(*, credit_request_id: UUID, rejected_by: User, reason: str) -> CreditRequest:
    """Reject an open request; raises as `approve_credit_request` does."""
    with transaction.atomic(durable=True):
        credit_request = _lock_open(credit_request_id)
        _check_not_own(credit_request, rejected_by)
        credit_request.rejection_reason = reason
        _decide(credit_request, CreditRequest.Status.REJECTED, rejected_by)
        record_event(EventType.CREDIT_REQUEST_REJECTED, seller_id=credit_request.seller_id, about=credit_request)
        audit.record(AuditAction.REJECT, credit_request, actor_id=rejected_by.pk, detail=reason)
    return credit_request


def cancel_credit_request(*, credit_request_id: UUID, cancelled_by: User) -> CreditRequest:
    """Withdraw an open request of the caller's own seller.

    Raises:
        NotFound: this seller has no such request.
        CreditRequestAlreadyProcessed: it is decided.
    """
    with transaction.atomic(durable=True):
        credit_request = _lock_open(credit_request_id, seller_id=cancelled_by.seller_id)
        _decide(credit_request, CreditRequest.Status.CANCELLED, cancelled_by)
    return credit_request


def _lock_open(credit_request_id: UUID, *, seller_id: UUID | None = None) -> CreditRequest:
    named = CreditRequest.objects.filter(pk=credit_request_id)
    # A row is locked where it is, so its seller, which never changes, is looked up first.
    seller_id = seller_id or named.values_list("seller_id", flat=True).first()
    requests = named.filter(seller_id=seller_id) if seller_id else named.none()
    credit_request = requests.select_related("seller").select_for_update(of=("self",), no_key=True).first()
    if credit_request is None:
        raise NotFound("Credit request not found.")
    if not credit_request.is_open:
        raise CreditRequestAlreadyProcessed(
            _("This credit request is %(status)s.") % {"status": credit_request.get_status_display().lower()},
            current_status=credit_request.status,
        )
    return credit_request


def _check_status_known(status: str, confirm_status: str | None) -> None:
    if status not in (Seller.Status.ACTIVE, confirm_status):
        raise SellerNotActiveConfirm(
            "The seller is not active. Confirm its status to approve anyway.", seller_status=status
        )


def _approve_first(credit_request: CreditRequest, approved_by: User) -> None:
    credit_request.status = CreditRequest.Status.AWAITING_SECOND_APPROVAL
    credit_request.first_approved_by = approved_by
    credit_request.first_approved_at = timezone.now()
    _save(credit_request, "status", "first_approved_by", "first_approved_at")


def _check_not_own(credit_request: CreditRequest, processed_by: User) -> None:
    if credit_request.requested_by_id == processed_by.pk:
        raise SelfApproval("You filed this request yourself.")


def _decide(credit_request: CreditRequest, status: CreditRequest.Status, processed_by: User) -> None:
    credit_request.status = status
    credit_request.processed_by = processed_by
    credit_request.processed_at = timezone.now()
    _save(credit_request, "status", "processed_by", "processed_at", "rejection_reason", "entry")


def _save(credit_request: CreditRequest, *fields: str) -> None:
    """Update fields of a locked request; Django's own `save` names no seller, and would ask every shard of Citus."""
    own = CreditRequest.objects.filter(pk=credit_request.pk, seller_id=credit_request.seller_id)
    own.update(**{field: getattr(credit_request, field) for field in fields})
