"""Endpoints of webhooks, what is sent to them, and every attempt."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Seller
from apps.core.values.ids import uuid7

MAX_URL_LENGTH = 500


class WebhookEndpoint(models.Model):
    """A URL of a seller that its events are sent to. A removed one is kept while its deliveries are."""

    class DisabledReason(models.TextChoices):
        SELLER = "seller", _("by the seller")
        FAILING = "failing", _("it failed for days")
        GONE = "gone", _("it answered 410 Gone")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    seller = models.ForeignKey(
        Seller, on_delete=models.PROTECT, related_name="webhook_endpoints", db_index=False, verbose_name=_("seller")
    )
    url = models.CharField(_("address"), max_length=MAX_URL_LENGTH)
    event_types = models.JSONField(_("types of events"), null=True)  # null: all
    description = models.CharField(_("description"), max_length=200, blank=True)
    # Encrypted: webhooks/secrets.py. The former one signs too, until it expires.
    secret = models.TextField(editable=False)
    former_secret = models.TextField(blank=True, editable=False)
    former_secret_expires_at = models.DateTimeField(null=True, editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    disabled_reason = models.CharField(_("why disabled"), max_length=16, choices=DisabledReason, blank=True)
    disabled_at = models.DateTimeField(_("disabled at"), null=True)
    # Since when every attempt fails; one request at a time is enough for what is new meanwhile.
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    removed_at = models.DateTimeField(_("removed at"), null=True)

    class Meta:
        ordering = ("-id",)
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        constraints = (
            models.UniqueConstraint(
                fields=("seller", "url"), condition=Q(removed_at__isnull=True), name="webhook_endpoint_url_unique"
            ),
            models.CheckConstraint(name="webhook_endpoint_is_https", condition=Q(url__startswith="https://")),
            models.CheckConstraint(
                name="webhook_endpoint_disabled_consistent",
                condition=Q(enabled=True, disabled_reason="", disabled_at__isnull=True)
                | Q(enabled=False, disabled_at__isnull=False) & ~Q(disabled_reason=""),
            ),
            models.CheckConstraint(
                name="webhook_endpoint_removed_is_disabled", condition=Q(removed_at__isnull=True) | Q(enabled=False)
            ),
            models.CheckConstraint(
                name="webhook_endpoint_former_secret_expires",
                condition=Q(former_secret="", former_secret_expires_at__isnull=True)
                | ~Q(former_secret="") & Q(former_secret_expires_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.url

    def wants(self, event_type: str) -> bool:
        """Tell whether events of this type are sent here."""
        return self.event_types is None or event_type in self.event_types


class WebhookDelivery(models.Model):
    """An event on its way to an endpoint, with the body as it is sent each time."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False, verbose_name=_("endpoint")
    )
    event_id = models.UUIDField(_("event"))
    event_type = models.CharField(_("type"), max_length=64)
    body = models.TextField(_("body"))
    status = models.CharField(_("status"), max_length=16, choices=Status, default=Status.PENDING)
    # Failed attempts in a row, which choose the wait before the next one; a resend begins anew.
    failures = models.PositiveSmallIntegerField(_("failures"), default=0)
    next_try_at = models.DateTimeField(_("next try"), null=True)
    # A request is under way until then, or its worker died.
    claimed_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        ordering = ("-id",)
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        constraints = (
            models.UniqueConstraint(fields=("endpoint", "event_id"), name="webhook_delivery_once"),
            models.CheckConstraint(
                name="webhook_delivery_pending_has_a_time",
                condition=Q(status="pending", next_try_at__isnull=False)
                | Q(status__in=["delivered", "failed"], next_try_at__isnull=True),
            ),
        )
        indexes = (
            models.Index(fields=("endpoint", "id"), name="webhook_delivery_by_endpoint"),
            models.Index(fields=("endpoint",), condition=Q(status="pending"), name="webhook_delivery_waiting"),
            models.Index(
                fields=("endpoint",), condition=Q(claimed_until__isnull=False), name="webhook_delivery_under_way"
            ),
            models.Index(fields=("event_id",), name="webhook_delivery_by_event"),
        )

    def __str__(self) -> str:
        return f"{self.event_type} → {self.endpoint}"


class WebhookAttempt(models.Model):
    """One request and its answer. Only added, and removed with its delivery."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="attempts")
    attempted_at = models.DateTimeField(_("time"))
    status = models.PositiveSmallIntegerField(_("status"), null=True)  # none came: see `error`
    milliseconds = models.PositiveIntegerField(_("milliseconds"))
    answer = models.TextField(_("answer"), blank=True)
    error = models.CharField(_("error"), max_length=32, blank=True)

    database_privileges = "SELECT, INSERT, DELETE"

    class Meta:
        ordering = ("id",)
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")

    def __str__(self) -> str:
        return f"{self.status or self.error} {self.attempted_at:%Y-%m-%d %H:%M}"
