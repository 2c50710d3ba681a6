"""Sellers, users, their sessions, and the audit trail."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.roles import ADMINS, STAFF, SellerRole
from apps.core.values.ids import uuid7
from apps.core.values.money import MAX_BALANCE_DIGITS


class Seller(models.Model):
    """A company that resells phone credit from a prepaid balance. The balance itself is in its `Wallet`."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company_name = models.CharField(_("company name"), max_length=200)
    email = models.EmailField(_("email"))
    phone_number = models.CharField(_("phone number"), max_length=16, blank=True)
    status = models.CharField(_("status"), max_length=16, choices=Status, default=Status.PENDING)
    daily_limit = models.DecimalField(
        _("daily limit"), max_digits=MAX_BALANCE_DIGITS, decimal_places=2, null=True, blank=True
    )
    # The seller's own limits; empty: the platform's (RATE_LIMIT_..._PER_MINUTE), 0: unlimited.
    charges_per_minute = models.PositiveIntegerField(_("charges a minute"), null=True, blank=True)
    requests_per_minute = models.PositiveIntegerField(_("other requests a minute"), null=True, blank=True)
    # The seller's own switch: a charge without an Idempotency-Key is refused.
    require_idempotency_key = models.BooleanField(_("charges need a key"), default=False, db_default=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        ordering = ("-id",)
        verbose_name = _("seller")
        verbose_name_plural = _("sellers")
        constraints = (
            models.CheckConstraint(
                name="seller_status_known", condition=Q(status__in=["pending", "active", "suspended"])
            ),
            models.CheckConstraint(name="seller_daily_limit_positive", condition=Q(daily_limit__gt=0)),
            models.UniqueConstraint(Upper("email"), name="seller_email_unique"),
        )

    def __str__(self) -> str:
        return self.company_name


class CaseInsensitiveUserManager(UserManager["User"]):
    """Find users by name without regard to case; `iexact` uses the unique index on UPPER(username)."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username__iexact=username)


class User(AbstractUser):
    """A person or a program that logs in: staff of the platform, or a user of one seller."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("email"), blank=True)
    seller = models.ForeignKey(
        Seller, on_delete=models.PROTECT, null=True, blank=True, related_name="users", verbose_name=_("seller")
    )
    seller_role = models.CharField(_("seller role"), max_length=16, choices=SellerRole, blank=True)

    # PostgreSQL's clock when this user was read as the caller of a request (`sessions.live_user`).
    read_at: datetime

    objects: ClassVar[CaseInsensitiveUserManager] = CaseInsensitiveUserManager()

    class Meta(AbstractUser.Meta):
        swappable = "AUTH_USER_MODEL"
        constraints = (
            models.UniqueConstraint(Upper("username"), name="user_username_unique"),
            models.UniqueConstraint(Upper("email"), condition=~Q(email=""), name="user_email_unique"),
            models.CheckConstraint(
                name="user_seller_has_role",
                condition=Q(seller__isnull=True, seller_role="")
                | Q(seller__isnull=False, seller_role__in=SellerRole.values),
            ),
        )

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a new password ends every session of the old one, by whichever path it is set."""
        is_new_password = getattr(self, "_password", None) is not None and not self._state.adding
        with transaction.atomic():
            super().save(*args, **kwargs)
            if is_new_password:
                self.sessions.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())

    @property
    def staff_roles(self) -> frozenset[str]:
        """Names of the staff groups; a superuser is an admin. Read from the database once per instance."""
        cached: frozenset[str] | None = self.__dict__.get("_staff_roles")
        if cached is None:
            cached = self._read_staff_roles()
            self.__dict__["_staff_roles"] = cached
        return cached

    def _read_staff_roles(self) -> frozenset[str]:
        if not self.is_staff:
            return frozenset()
        groups = STAFF.intersection(self.groups.values_list("name", flat=True))
        return groups | ADMINS if self.is_superuser else groups

    @property
    def roles(self) -> list[str]:
        """Every role of the user, staff roles first."""
        return sorted(self.staff_roles) + ([self.seller_role] if self.seller_role else [])


class Session(models.Model):
    """One login: the family of refresh tokens that descend from it, of which only the newest may be used."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions", verbose_name=_("user"))
    refresh_jti = models.CharField(max_length=64)
    # The client's address or IPv6 /64 (`throttles.client_network`).
    network = models.CharField(max_length=64, blank=True, default="", db_default="")
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"), db_index=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return f"{self.user_id} since {self.created_at:%Y-%m-%d %H:%M}"


class AuditAction(models.TextChoices):
    """The steps that the audit trail records."""

    LOG_IN = "log in", _("log in")
    LOG_IN_REFUSED = "log in refused", _("log in refused")
    LOG_OUT = "log out", _("log out")
    ADD = "add", _("add")
    CHANGE = "change", _("change")
    DEACTIVATE = "deactivate", _("deactivate")
    SET_PASSWORD = "set password", _("set password")
    VERIFY = "verify", _("verify")
    SUSPEND = "suspend", _("suspend")
    REACTIVATE = "reactivate", _("reactivate")
    APPROVE_FIRST = "approve first", _("approve first, of two")
    APPROVE = "approve", _("approve")
    REJECT = "reject", _("reject")
    REVERSE = "reverse", _("reverse")
    RECONCILE = "reconcile", _("reconcile")
    RECONCILE_ALL = "reconcile all", _("reconcile all")
    EXPORT_LEDGER = "export ledger", _("export ledger")


class AuditEvent(models.Model):
    """A step of staff or of an owner, with its address. PostgreSQL refuses changes and deletion of rows."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(_("time"), auto_now_add=True)
    actor = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="audit_events", verbose_name=_("who")
    )
    address = models.GenericIPAddressField(_("from where"), null=True)
    action = models.CharField(_("action"), max_length=64, choices=AuditAction)
    subject = models.CharField(_("kind"), max_length=64, blank=True)
    subject_id = models.CharField(_("its id"), max_length=64, blank=True)
    subject_name = models.CharField(_("of what"), max_length=200, blank=True)
    detail = models.CharField(_("detail"), max_length=1_000, blank=True)
    request_id = models.CharField(_("request"), max_length=128)

    database_privileges = "SELECT, INSERT"

    class Meta:
        ordering = ("-id",)
        verbose_name = _("audit event")
        verbose_name_plural = _("audit trail")
        indexes = (
            models.Index(fields=("subject", "subject_id", "id"), name="audit_by_subject"),
            models.Index(fields=("actor", "id"), name="audit_by_actor"),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.subject_name}".strip()
