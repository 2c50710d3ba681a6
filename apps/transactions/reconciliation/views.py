"""Endpoints that compare balances with the ledger."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.permissions import IsAuditor, MayRead, caller, visible_seller_id
from apps.core.apidocs.swagger import documented
from apps.transactions.reconciliation.reconcile import reconcile_seller
from apps.transactions.reconciliation.runs import run_reconciliation
from apps.transactions.reconciliation.serializers import ReconciliationSerializer, SellerReconciliationSerializer


class SellerReconciliationView(APIView):
    permission_classes = (MayRead,)

    @documented(
        summary="Reconcile a seller",
        answers={200: SellerReconciliationSerializer},
        problems=["permission_denied", "not_found"],
    )
    def get(self, request: Request, seller_id: UUID | str) -> Response:
        """Compare a seller's balance with the sum of its ledger entries."""
        result = reconcile_seller(visible_seller_id(caller(request), seller_id))
        return Response(SellerReconciliationSerializer(result).data)


class ReconciliationView(APIView):
    permission_classes = (IsAuditor,)

    @documented(
        summary="Reconcile all sellers", answers={200: ReconciliationSerializer}, problems=["permission_denied"]
    )
    def get(self, request: Request) -> Response:
        """Compare every balance with the ledger, and check its chain and the trial balance. For admins and auditors.

        The run and its verdict are recorded.
        """
        result = run_reconciliation(run_by_id=caller(request).pk)
        return Response(ReconciliationSerializer(result).data)
