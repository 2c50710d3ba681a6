"""The delivery of each charge that an operator makes, and every attempt at it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Seller, User
from apps.core.values.ids import uuid7
from apps.delivery.models.operators import Operator
from apps.transactions.models import LedgerEntry


class DeliveryStatus(models.TextChoices):
    """The states of a delivery. PostgreSQL refuses every other step than those of docs/delivery.md."""

    PENDING = "pending", _("Pending")
    SUBMITTED = "submitted", _("Submitted")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("Unknown")


class Delivery(models.Model):
    """What became of one charge at its operator. The database makes it with the entry; the entry's id is the reference.

    `next_step_at` is when the operator is asked next. While a worker asks, it is the end of that worker's lease.
    """

    entry = models.OneToOneField(
        LedgerEntry, on_delete=models.PROTECT, primary_key=True, related_name="delivery", verbose_name=_("charge")
    )
    # Of the entry, which has the foreign key.
    seller = models.ForeignKey(
        Seller,
        on_delete=models.PROTECT,
        related_name="deliveries",
        db_index=False,
        db_constraint=False,
        verbose_name=_("seller"),
    )
    operator = models.ForeignKey(
        Operator, on_delete=models.PROTECT, related_name="deliveries", db_index=False, verbose_name=_("operator")
    )
    status = models.CharField(_("status"), max_length=16, choices=DeliveryStatus)
    operator_reference = models.CharField(_("operator's reference"), max_length=128, blank=True)
    message = models.CharField(_("operator's words"), max_length=500, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    resolved_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("resolved by"),
    )
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("updated at"))  # PostgreSQL dates each change
    next_step_at = models.DateTimeField(_("next step at"), null=True, blank=True)

    database_privileges = "SELECT, UPDATE"

    class Meta:
        ordering = ("-entry",)
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = (
            models.CheckConstraint(
                name="delivery_asks_until_settled",
                condition=Q(status__in=["delivered", "failed"], next_step_at__isnull=True)
                | Q(
                    status__in=["pending", "submitted", "unknown"], next_step_at__isnull=False, resolved_by__isnull=True
                ),
            ),
        )
        indexes = (
            models.Index(
                fields=("operator", "next_step_at"), condition=Q(next_step_at__isnull=False), name="delivery_due"
            ),
            models.Index(fields=("seller", "entry"), name="delivery_by_seller"),
            models.Index(fields=("operator", "entry"), name="delivery_by_operator"),
            models.Index(fields=("status", "entry"), condition=~Q(status="delivered"), name="delivery_by_status"),
        )

    def __str__(self) -> str:
        return f"{self.operator_id} {self.entry_id}"

    @property
    def is_settled(self) -> bool:
        """The operator, or a person, has said what became of it."""
        return self.status in (DeliveryStatus.DELIVERED, DeliveryStatus.FAILED)


class Attempt(models.Model):
    """One word between us and an operator about a delivery: a call, a callback, or a person's decision. Only added."""

    class Kind(models.TextChoices):
        SUBMIT = "submit", _("Submission")
        INQUIRE = "inquire", _("Inquiry")
        CALLBACK = "callback", _("Callback")
        RESOLVE = "resolve", _("Decision of a person")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    delivery = models.ForeignKey(
        Delivery, on_delete=models.PROTECT, related_name="attempts_made", verbose_name=_("delivery")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    outcome = models.CharField(_("outcome"), max_length=16)
    sent = models.CharField(_("sent"), max_length=1_000, blank=True)  # without secrets
    answered = models.CharField(_("answered"), max_length=1_000, blank=True)
    milliseconds = models.PositiveIntegerField(_("milliseconds"), null=True, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    at = models.DateTimeField(_("time"), db_default=Now(), editable=False)

    database_privileges = "SELECT, INSERT"

    class Meta:
        ordering = ("id",)
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")

    def __str__(self) -> str:
        return f"{self.kind}: {self.outcome}"
