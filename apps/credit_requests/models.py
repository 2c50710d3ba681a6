"""A seller's wish for more balance, and what became of it."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import Seller, User
from apps.core.ids import uuid7
from apps.core.money import MAX_BALANCE_DIGITS
from apps.transactions.models import LedgerEntry


class CreditRequest(models.Model):
    """A request for credit. It is decided once; an approved one names the ledger entry that it became."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        CANCELLED = "cancelled", "Cancelled"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="credit_requests", db_index=False)
    amount = models.DecimalField(max_digits=MAX_BALANCE_DIGITS, decimal_places=2)
    note = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    idempotency_key = models.CharField(max_length=255, blank=True)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(auto_now_add=True)
    processed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    processed_at = models.DateTimeField(null=True, blank=True)
    rejection_reason = models.CharField(max_length=500, blank=True)
    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    database_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(name="credit_request_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="credit_request_status_consistent",
                condition=Q(status="pending", processed_by__isnull=True, processed_at__isnull=True, entry__isnull=True)
                | Q(status="approved", processed_by__isnull=False, processed_at__isnull=False, entry__isnull=False)
                | Q(
                    status__in=["rejected", "cancelled"],
                    processed_by__isnull=False,
                    processed_at__isnull=False,
                    entry__isnull=True,
                ),
            ),
            models.CheckConstraint(
                name="credit_request_rejection_has_reason",
                condition=Q(status="rejected") & ~Q(rejection_reason="")
                | ~Q(status="rejected") & Q(rejection_reason=""),
            ),
            models.UniqueConstraint(
                fields=("seller", "idempotency_key"), condition=~Q(idempotency_key=""), name="credit_request_key_unique"
            ),
        )
        indexes = (
            models.Index(fields=("seller", "id"), name="credit_request_by_seller"),
            models.Index(fields=("id",), condition=Q(status="pending"), name="credit_request_pending"),
        )

    def __str__(self) -> str:
        return f"{self.amount} for {self.seller_id}"
