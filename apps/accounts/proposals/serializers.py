"""Answers about proposed steps."""

from rest_framework import serializers

from apps.accounts.models import Proposal
from apps.core.apidocs.examples import APPROVER_ID, CREDITED_AT, SALE_ENTRY_ID


class ProposalSerializer(serializers.ModelSerializer[Proposal]):
    """A step that has not happened: it waits for the same call of another user, until `expires_at`."""

    status = serializers.ReadOnlyField(default="awaiting_second_approval")
    proposed_by = serializers.UUIDField(source="proposed_by_id")
    expires_at = serializers.DateTimeField()

    class Meta:
        model = Proposal
        fields = ("id", "status", "action", "subject_id", "terms", "proposed_by", "proposed_at", "expires_at")
        swagger_schema_fields = {
            "example": {
                "id": "0197f3a0-7c1e-7b6a-9d1f-3f6f0c2f8a21",
                "status": "awaiting_second_approval",
                "action": "reverse",
                "subject_id": SALE_ENTRY_ID,
                "terms": "amount: 5000000.00",
                "proposed_by": APPROVER_ID,
                "proposed_at": CREDITED_AT,
                "expires_at": "2025-07-11T09:26:28.673902Z",
            }
        }
