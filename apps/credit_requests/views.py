"""Endpoints for credit requests."""

from uuid import UUID

from rest_framework import status
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.permissions import IsCreditApprover, IsOwner, MayRead, caller, seller_scope
from apps.accounts.second_factor.permissions import HasSteppedUp
from apps.accounts.sessions.throttles import PendingSellerThrottle, RequestThrottle
from apps.core.api.idempotency import parse_idempotency_key
from apps.core.api.input import read_body, read_query
from apps.core.api.pagination import paginated
from apps.core.apidocs.examples import APPROVER_ID, CREDIT_ENTRY_ID, CREDITED_AT, OWNER_ID
from apps.core.apidocs.swagger import IDEMPOTENCY_KEY, documented, page_of
from apps.core.database import replica
from apps.credit_requests import selectors, services
from apps.credit_requests.models import CreditRequest
from apps.credit_requests.serializers import (
    ApprovalSerializer,
    CreditRequestQuerySerializer,
    CreditRequestSerializer,
    CreditRequestSubmissionSerializer,
    RejectionSerializer,
)

_STEP_PROBLEMS = ("permission_denied", "not_found", "credit_request_already_processed")
_BY_STAFF = {"processed_by": APPROVER_ID, "processed_at": CREDITED_AT}


class CreditRequestListView(APIView):
    throttle_classes = (RequestThrottle, PendingSellerThrottle)

    def get_permissions(self) -> list[BasePermission]:
        return [IsOwner()] if self.request.method == "POST" else [MayRead()]

    @documented(
        summary="List credit requests",
        query=CreditRequestQuerySerializer,
        answers={200: page_of(CreditRequestSerializer)},
        problems=["validation_error", "permission_denied"],
    )
    def get(self, request: Request) -> Response:
        """List credit requests, newest first; a seller sees its own."""
        filters = read_query(CreditRequestQuerySerializer, request)
        scope = seller_scope(caller(request))
        if scope is not None and filters.setdefault("seller", scope) != scope:
            return paginated(self, CreditRequest.objects.none(), CreditRequestSerializer)
        requests = selectors.list_credit_requests(**filters)
        if scope is not None:
            return paginated(self, requests, CreditRequestSerializer)
        return replica.read(lambda: paginated(self, requests, CreditRequestSerializer))

    @documented(
        summary="Ask for credit",
        request=CreditRequestSubmissionSerializer,
        answers={201: CreditRequestSerializer},
        problems=[
            "validation_error", "invalid_idempotency_key", "permission_denied", "seller_not_active",
            "idempotency_key_reused", "open_request_limit_reached",
        ],
        headers=[IDEMPOTENCY_KEY],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """File a request for credit, for owners of a seller. The balance grows when staff approve it."""
        key = parse_idempotency_key(request.META.get("HTTP_IDEMPOTENCY_KEY"))
        body = read_body(CreditRequestSubmissionSerializer, request)
        submission = services.submit_credit_request(requested_by=caller(request), idempotency_key=key, **body)
        headers = {"Idempotent-Replayed": "true"} if submission.replayed else None
        data = CreditRequestSerializer(submission.credit_request).data
        return Response(data, status=status.HTTP_201_CREATED, headers=headers)


class CreditRequestView(APIView):
    permission_classes = (MayRead,)

    @documented(
        summary="Get a credit request",
        answers={200: CreditRequestSerializer},
        problems=["permission_denied", "not_found"],
    )
    def get(self, request: Request, credit_request_id: UUID) -> Response:
        """Return one credit request."""
        found = selectors.get_credit_request(credit_request_id, seller_scope=seller_scope(caller(request)))
        return Response(CreditRequestSerializer(found).data)


class ApproveView(APIView):
    permission_classes = (IsCreditApprover, HasSteppedUp)

    @documented(
        summary="Approve a credit request",
        request=ApprovalSerializer,
        answers={200: CreditRequestSerializer},
        problems=(
            "validation_error", *_STEP_PROBLEMS, "balance_limit_exceeded", "self_approval", "second_approver_needed",
            "seller_not_active_confirm", "step_up_required",
        ),
        examples={
            200: {"status": "approved", "transaction": CREDIT_ENTRY_ID, "approved_by": [APPROVER_ID], **_BY_STAFF}
        },
    )  # fmt: skip
    def post(self, request: Request, credit_request_id: UUID) -> Response:
        """Add the amount to the seller's balance, exactly once. For admins and credit approvers.

        A large amount may need two approvers: after the first, the status is `awaiting_second_approval`. For a seller
        that is not active, `confirm_status` must be its status.
        """
        body = read_body(ApprovalSerializer, request)
        approved = services.approve_credit_request(
            credit_request_id=credit_request_id, approved_by=caller(request), **body
        )
        return Response(CreditRequestSerializer(approved).data)


class RejectView(APIView):
    permission_classes = (IsCreditApprover,)

    @documented(
        summary="Reject a credit request",
        request=RejectionSerializer,
        answers={200: CreditRequestSerializer},
        problems=("validation_error", *_STEP_PROBLEMS, "self_approval"),
        examples={200: {"status": "rejected", "rejection_reason": "The invoice is not paid yet", **_BY_STAFF}},
    )
    def post(self, request: Request, credit_request_id: UUID) -> Response:
        """Refuse the request, with a reason. For admins and credit approvers."""
        body = read_body(RejectionSerializer, request)
        rejected = services.reject_credit_request(
            credit_request_id=credit_request_id, rejected_by=caller(request), reason=body["reason"]
        )
        return Response(CreditRequestSerializer(rejected).data)


class CancelView(APIView):
    permission_classes = (IsOwner,)

    @documented(
        summary="Cancel a credit request",
        answers={200: CreditRequestSerializer},
        problems=_STEP_PROBLEMS,
        examples={200: {"status": "cancelled", "processed_by": OWNER_ID, "processed_at": CREDITED_AT}},
    )
    def post(self, request: Request, credit_request_id: UUID) -> Response:
        """Withdraw a pending request. For owners of its seller."""
        cancelled = services.cancel_credit_request(credit_request_id=credit_request_id, cancelled_by=caller(request))
        return Response(CreditRequestSerializer(cancelled).data)
