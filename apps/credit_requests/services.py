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
from apps.core.errors import DomainError, NotFound
from apps.credit_requests.models import CreditRequest
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


class SecondApproverNeeded(DomainError):
    """The request needs two approvers, and this one has approved it already."""

    code = "second_approver_needed"


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
    """
    seller = requested_by.seller
    assert seller is not None  # noqa: S101  (the view lets only users of a seller in)
    with transaction.atomic(durable=True):
        # The seller's row is the lock under which a key is looked up: equal requests queue here.
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
        credit_request = CreditRequest.objects.create(
            seller=seller, amount=amount, note=note, idempotency_key=idempotency_key, requested_by=requested_by
        )
    return Submission(credit_request, replayed=False)


def _find_by_key(seller_id: UUID, idempotency_key: str) -> CreditRequest | None:
    if not idempotency_key:
        return None
    return CreditRequest.objects.filter(seller_id=seller_id, idempotency_key=idempotency_key).first()


def approve_credit_request(*, credit_request_id: UUID, approved_by: User) -> CreditRequest:
    """Approve an open request: its amount reaches the ledger, exactly once.

    Above `CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT` the first approval only makes it await another approver's.

    Raises:
        NotFound: the request does not exist.
        SelfApproval: the approver filed it.
        SecondApproverNeeded: this approver was the first of two.
        CreditRequestAlreadyProcessed: it is decided.
    """
    with transaction.atomic(durable=True):
        credit_request = _lock_open(credit_request_id)
        _check_not_own(credit_request, approved_by)
        if credit_request.status == CreditRequest.Status.PENDING and _needs_second_review(credit_request):
            _approve_first(credit_request, approved_by)
            audit.record(AuditAction.APPROVE_FIRST, credit_request, actor_id=approved_by.pk)
            return credit_request
        if credit_request.first_approved_by_id == approved_by.pk:
            raise SecondApproverNeeded("You approved this request already; another approver must approve it too.")
        wallet = lock_wallet(credit_request.seller_id)
        posting = postings.credit(
            wallet.seller_id,
            credit_request.amount,
            credit_request_id=credit_request.pk,
            description=credit_request.note,
        )
        credit_request.entry = draft_entry(wallet, posting, created_by_id=approved_by.pk)
        write_entries(wallet, [credit_request.entry])
        _decide(credit_request, CreditRequest.Status.APPROVED, approved_by)
        audit.record(AuditAction.APPROVE, credit_request, actor_id=approved_by.pk)
    return credit_request


def reject_credit_request(*, credit_request_id: UUID, rejected_by: User, reason: str) -> CreditRequest:
    """Reject an open request; raises as `approve_credit_request` does."""
    with transaction.atomic(durable=True):
        credit_request = _lock_open(credit_request_id)
        _check_not_own(credit_request, rejected_by)
        credit_request.rejection_reason = reason
        _decide(credit_request, CreditRequest.Status.REJECTED, rejected_by)
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
    requests = CreditRequest.objects.select_related("seller").filter(pk=credit_request_id)
    requests = requests.select_for_update(of=("self",), no_key=True)
    if seller_id is not None:
        requests = requests.filter(seller_id=seller_id)
    credit_request = requests.first()
    if credit_request is None:
        raise NotFound("Credit request not found.")
    if not credit_request.is_open:
        raise CreditRequestAlreadyProcessed(
            _("This credit request is %(status)s.") % {"status": credit_request.get_status_display().lower()},
            current_status=credit_request.status,
        )
    return credit_request


def _needs_second_review(credit_request: CreditRequest) -> bool:
    limit: Decimal | None = settings.CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT
    return limit is not None and credit_request.amount > limit


def _approve_first(credit_request: CreditRequest, approved_by: User) -> None:
    credit_request.status = CreditRequest.Status.AWAITING_SECOND_APPROVAL
    credit_request.first_approved_by = approved_by
    credit_request.first_approved_at = timezone.now()
    credit_request.save(update_fields=["status", "first_approved_by", "first_approved_at"])


def _check_not_own(credit_request: CreditRequest, processed_by: User) -> None:
    if credit_request.requested_by_id == processed_by.pk:
        raise SelfApproval("You filed this request yourself.")


def _decide(credit_request: CreditRequest, status: CreditRequest.Status, processed_by: User) -> None:
    credit_request.status = status
    credit_request.processed_by = processed_by
    credit_request.processed_at = timezone.now()
    credit_request.save(update_fields=["status", "processed_by", "processed_at", "rejection_reason", "entry"])
