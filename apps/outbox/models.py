"""The outbox: what other systems are told of, written in the transaction of the change itself."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.values.ids import uuid7


class EventType(models.TextChoices):
    """The kinds of events. An event carries the object that it tells of, as the API shows it."""

    CREDIT_REQUEST_APPROVED = "credit_request.approved", _("Credit request approved")
    CREDIT_REQUEST_REJECTED = "credit_request.rejected", _("Credit request rejected")
    CHARGE_DELIVERED = "charge.delivered", _("Charge delivered")
    CHARGE_FAILED = "charge.failed", _("Charge failed")
    TRANSACTION_REVERSED = "transaction.reversed", _("Transaction reversed")
    BALANCE_LOW = "balance.low", _("Balance low")
    BALANCE_RECOVERED = "balance.recovered", _("Balance recovered")
    SELLER_VERIFIED = "seller.verified", _("Seller verified")
    SELLER_SUSPENDED = "seller.suspended", _("Seller suspended")
    SELLER_REACTIVATED = "seller.reactivated", _("Seller reactivated")
    WEBHOOK_ENDPOINT_DISABLED = "webhook_endpoint.disabled", _("Webhook endpoint disabled")


class Event(models.Model):
    """A change that a seller is told of. Only the database's function `outbox_record` adds rows; none ever changes.

    Ids, moments and sequences of one seller grow in the order of commits: they are given under the lock of the
    seller's `EventHead`. The table is partitioned by the day in the id; `manage.py rotate_events` drops old days.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    type = models.CharField(_("type"), max_length=64)
    seller_id = models.UUIDField(_("seller"))  # the seller lives in an app above this one
    sequence = models.BigIntegerField(_("sequence"))  # 1, 2, 3, … of the seller, without a gap
    timestamp = models.DateTimeField(_("time"))
    data = models.JSONField(_("data"))

    database_privileges = "SELECT"

    class Meta:
        ordering = ("-id",)
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = (
            models.CheckConstraint(name="event_type_form", condition=Q(type__regex=r"^[a-z_]+\.[a-z_]+$")),
            models.CheckConstraint(name="event_sequence_positive", condition=Q(sequence__gt=0)),
        )
        indexes = (models.Index(fields=("seller_id", "id"), name="event_by_seller"),)

    def __str__(self) -> str:
        return f"{self.type} #{self.sequence}"


class EventHead(models.Model):
    """The newest event of a seller: the lock under which the database adds the next one, held to the commit."""

    seller_id = models.UUIDField(primary_key=True)
    sequence = models.BigIntegerField()
    last_event_at = models.DateTimeField()

    database_privileges = "SELECT"
    # Citus must know of a write here: only then do coordinator and node commit together (ADR 39).
    citus_place = "coordinator"

    def __str__(self) -> str:
        return f"{self.seller_id} up to #{self.sequence}"
