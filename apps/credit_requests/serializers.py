"""Shapes of the requests and answers about credit requests."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from apps.accounts.models import Seller
from apps.core.api.fields import MoneyField, TextField
from apps.core.api.input import ListQuerySerializer
from apps.core.apidocs.examples import CREDIT_REQUEST_ID, OWNER_ID, REQUESTED_AT, SELLER_ID
from apps.credit_requests.models import CreditRequest


class CreditRequestSubmissionSerializer(serializers.Serializer[Any]):
    """A request for credit."""

    amount = MoneyField()
    note = TextField(required=False, allow_blank=True)

    class Meta:
        swagger_schema_fields = {"example": {"amount": "500000.00", "note": "Invoice 2025-117"}}


class CreditRequestSerializer(serializers.ModelSerializer[CreditRequest]):
    """A credit request; `transaction` is the id of its ledger entry."""

    seller = serializers.UUIDField(source="seller_id")
    amount = MoneyField()
    requested_by = serializers.UUIDField(source="requested_by_id")
    processed_by = serializers.UUIDField(source="processed_by_id", allow_null=True)
    approved_by = serializers.ListField(
        child=serializers.UUIDField(), help_text="One user, or two for an amount that needs a second review."
    )
    rejection_reason = serializers.SerializerMethodField()
    transaction = serializers.UUIDField(source="entry_id", allow_null=True)

    class Meta:
        model = CreditRequest
        fields = (
            "id", "seller", "amount", "note", "status", "requested_by", "requested_at", "processed_by", "processed_at",
            "rejection_reason", "transaction", "approved_by",
        )  # fmt: skip
        swagger_schema_fields: dict[str, Any] = {
            "example": {
                "id": CREDIT_REQUEST_ID,
                "seller": SELLER_ID,
                "amount": "500000.00",
                "note": "Invoice 2025-117",
                "status": "pending",
                "requested_by": OWNER_ID,
                "requested_at": REQUESTED_AT,
                "processed_by": None,
                "processed_at": None,
                "rejection_reason": None,
                "transaction": None,
                "approved_by": [],
            }
        }

    def get_rejection_reason(self, credit_request: CreditRequest) -> str | None:
        return credit_request.rejection_reason or None


def render_request(credit_request: CreditRequest) -> Mapping[str, Any]:
    """Return a credit request as the API shows it."""
    return CreditRequestSerializer(credit_request).data


class ApprovalSerializer(serializers.Serializer[Any]):
    """The approval of a request; for an active seller, nothing need be said."""

    confirm_status = serializers.ChoiceField(
        choices=Seller.Status.choices,
        required=False,
        help_text="The seller's status. Needed if it is not active, so that credit is not given by mistake.",
    )

    class Meta:
        swagger_schema_fields = {"example": {"confirm_status": "active"}}


class RejectionSerializer(serializers.Serializer[Any]):
    """The reason of a rejection."""

    reason = TextField()

    class Meta:
        swagger_schema_fields = {"example": {"reason": "The invoice is not paid yet"}}


class CreditRequestQuerySerializer(ListQuerySerializer):
    """Filters of the list of credit requests."""

    status = serializers.ChoiceField(choices=CreditRequest.Status.choices, required=False)
    seller = serializers.UUIDField(required=False)
    created_after = serializers.DateTimeField(required=False, help_text="From this moment on.")
    created_before = serializers.DateTimeField(required=False, help_text="Before this moment.")
