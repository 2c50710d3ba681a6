"""Requests of sellers for more balance, and the decisions on them."""

from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Seller, User
from apps.core.values.ids import uuid7
from apps.core.values.money import MAX_BALANCE_DIGITS
from apps.transactions.models import LedgerEntry

OPEN_STATUSES = ["pending", "awaiting_second_approval"]  # no decision yet


class CreditRequest(models.Model):
    """A request for credit. It is decided once; an approved one names its ledger entry."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        AWAITING_SECOND_APPROVAL = "awaiting_second_approval", _("Awaiting second approval")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        CANCELLED = "cancelled", _("Cancelled")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    seller = models.ForeignKey(
        Seller, on_delete=models.PROTECT, related_name="credit_requests", db_index=False, verbose_name=_("seller")
    )
    amount = models.DecimalField(_("amount"), max_digits=MAX_BALANCE_DIGITS, decimal_places=2)
    note = models.CharField(_("note"), max_length=500, blank=True)
    status = models.CharField(_("status"), max_length=32, choices=Status, default=Status.PENDING)
    idempotency_key = models.CharField(max_length=255, blank=True)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("requested by"))
    requested_at = models.DateTimeField(_("requested at"), auto_now_add=True)
    # The first of two approvers, of a request that needs two (CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT).
    first_approved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("first approved by")
    )
    first_approved_at = models.DateTimeField(null=True, blank=True)
    processed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("processed by")
    )
    processed_at = models.DateTimeField(null=True, blank=True)
    rejection_reason = models.CharField(_("reason of the rejection"), max_length=500, blank=True)
    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    database_privileges = "SELECT, INSERT, UPDATE"
    citus_place = "seller"

    class Meta:
        ordering = ("-id",)
        verbose_name = _("credit request")
        verbose_name_plural = _("credit requests")
        constraints = (
            models.CheckConstraint(name="credit_request_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="credit_request_status_consistent",
                condition=Q(
                    status__in=OPEN_STATUSES,
                    processed_by__isnull=True,
                    processed_at__isnull=True,
                    entry__isnull=True,
                )
                | Q(status="approved", processed_by__isnull=False, processed_at__isnull=False, entry__isnull=False)
                | Q(
                    status__in=["rejected", "cancelled"],
                    processed_by__isnull=False,
                    processed_at__isnull=False,
                    entry__isnull=True,
                ),
            ),
            models.CheckConstraint(
                name="credit_request_first_approval_consistent",
                condition=Q(first_approved_by__isnull=True, first_approved_at__isnull=True)
                & ~Q(status="awaiting_second_approval")
                | Q(first_approved_by__isnull=False, first_approved_at__isnull=False) & ~Q(status="pending"),
            ),
            models.CheckConstraint(
                name="credit_request_two_approvers_differ",
                condition=~Q(status="approved", processed_by=F("first_approved_by")),
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
            models.Index(
                fields=("id",),
                condition=Q(status__in=OPEN_STATUSES),
                name="credit_request_open",
            ),
            models.Index(fields=("requested_at",), name="credit_request_by_time"),
        )

    def __str__(self) -> str:
        return f"{self.seller}, {self.amount:,.2f}"

    @property
    def is_open(self) -> bool:
        """The request waits for a decision."""
        return self.status in OPEN_STATUSES

    @property
    def approved_by(self) -> list[UUID]:
        """The ids of its approvers so far, in order."""
        last = self.processed_by_id if self.status == self.Status.APPROVED else None
        return [user_id for user_id in (self.first_approved_by_id, last) if user_id]
