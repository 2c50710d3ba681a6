"""Sellers, users, their sessions, and the audit trail."""

from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Collate, Upper
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts import names
from apps.accounts.roles import ADMINS, INVITED, STAFF, SellerRole
from apps.core.values.ids import uuid7
from apps.core.values.money import MAX_AMOUNT, MAX_BALANCE_DIGITS

if TYPE_CHECKING:
    from django.contrib.sessions.backends.db import SessionStore


class Seller(models.Model):
    """A company that resells phone credit from a prepaid balance. The balance itself is in its `Wallet`."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company_name = models.CharField(_("company name"), max_length=200, validators=[names.refuse_hidden])
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
    # The seller's own: it is told (`balance.low`) when its balance falls below this.
    low_balance_alert = models.DecimalField(
        _("low balance alert"), max_digits=MAX_BALANCE_DIGITS, decimal_places=2, null=True, blank=True
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    citus_place = "every node"

    class Meta:
        ordering = ("-id",)
        verbose_name = _("seller")
        verbose_name_plural = _("sellers")
        constraints = (
            models.CheckConstraint(
                name="seller_status_known", condition=Q(status__in=["pending", "active", "suspended"])
            ),
            models.CheckConstraint(
                name="seller_daily_limit_positive",
                condition=Q(daily_limit__gt=0),
                violation_error_message=_("The amount must be greater than zero."),
            ),
            models.CheckConstraint(
                name="seller_low_balance_alert_positive",
                condition=Q(low_balance_alert__gt=0, low_balance_alert__lte=MAX_AMOUNT),
            ),
            models.CheckConstraint(
                name="seller_phone_number_e164",
                condition=Q(phone_number="") | Q(phone_number__regex=r"^\+[0-9]{4,15}$"),
            ),
            models.UniqueConstraint(
                Upper("email"), name="seller_email_unique", violation_error_message=_("This email is already taken.")
            ),
            models.CheckConstraint(
                name="seller_company_name_visible",
                condition=Q(company_name__regex=names.VISIBLE) & names.without_hidden("company_name"),
                violation_error_message=_("Characters that cannot be seen are not allowed."),
            ),
        )
        # For the search of the back office. A seller is rarely changed, and no charge changes one.
        indexes = (
            GinIndex(SearchVector("company_name", config="simple"), name="seller_by_words", fastupdate=False),
            models.Index(fields=("phone_number",), condition=~Q(phone_number=""), name="seller_by_phone"),
        )

    def __str__(self) -> str:
        return self.company_name


class CaseInsensitiveUserManager(UserManager["User"]):
    """Find users by name, normalised and without regard to case; `iexact` uses the index on UPPER(username)."""

    def named(self, username: str) -> "models.QuerySet[User]":
        return self.filter(username__iexact=User.normalize_username(username))

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.named(username or "").get()


class User(AbstractUser):
    """A person or a program that logs in: staff of the platform, or a user of one seller."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("email"), blank=True)
    seller = models.ForeignKey(
        Seller, on_delete=models.PROTECT, null=True, blank=True, related_name="users", verbose_name=_("seller")
    )
    seller_role = models.CharField(_("seller role"), max_length=16, choices=SellerRole, blank=True)

    # The user is a program with an `ApiClient`: it has no password, and its username is its id.
    is_client = models.BooleanField(default=False, db_default=False, editable=False)
    # An owner may undo what an owner did; every other deactivation only staff may.
    deactivated_by_owner = models.BooleanField(default=False, db_default=False, editable=False)

    # What a new password does not end: the session that sets it.
    kept_sessions: tuple[UUID, ...] = ()
    # PostgreSQL's clock when this user was read as the caller of a request (`sessions.live_user`).
    read_at: datetime

    objects: ClassVar[CaseInsensitiveUserManager] = CaseInsensitiveUserManager()

    citus_place = "every node"

    class Meta(AbstractUser.Meta):
        swappable = "AUTH_USER_MODEL"
        constraints = (
            models.UniqueConstraint(
                Upper("username"),
                name="user_username_unique",
                violation_error_message=_("This username is already taken."),
            ),
            models.CheckConstraint(name="user_username_normalized", condition=Q(names.IsNormalized("username"))),
            models.CheckConstraint(
                name="user_names_visible",
                condition=names.without_hidden("username", "first_name", "last_name"),
                violation_error_message=_("Characters that cannot be seen are not allowed."),
            ),
            models.UniqueConstraint(
                Upper("email"),
                condition=~Q(email=""),
                name="user_email_unique",
                violation_error_message=_("This email is already taken."),
            ),
            models.CheckConstraint(
                name="user_seller_has_role",
                condition=Q(seller__isnull=True, seller_role="")
                | Q(seller__isnull=False, seller_role__in=SellerRole.values),
            ),
            models.CheckConstraint(
                name="user_client_has_no_password",
                condition=Q(is_client=False)
                | Q(password__startswith=UNUSABLE_PASSWORD_PREFIX, seller_role__in=sorted(INVITED), is_staff=False),
            ),
            models.CheckConstraint(
                name="user_deactivated_by_owner", condition=Q(deactivated_by_owner=False) | Q(is_active=False)
            ),
        )
        # The unique index on UPPER(username) finds no beginnings, unless the whole database sorts by code points.
        indexes = (models.Index(Collate(Upper("username"), "C"), name="user_by_beginning"),)

    def __str__(self) -> str:
        return gettext("%(name)s (API client)") % {"name": self.first_name} if self.is_client else self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a new password ends every other session of the old one, by whichever path it is set."""
        self.username = self.normalize_username(self.username)
        is_new_password = getattr(self, "_password", None) is not None and not self._state.adding
        with transaction.atomic():
            super().save(*args, **kwargs)
            if is_new_password:
                others = self.sessions.filter(revoked_at__isnull=True).exclude(pk__in=self.kept_sessions)
                others.update(revoked_at=timezone.now())

    def clean(self) -> None:
        """Normalise the username and check it, unless it is the one that is kept."""
        super().clean()
        if not User.objects.filter(pk=self.pk, username=self.username, is_staff=self.is_staff).exists():
            self.check_username()

    def check_username(self) -> None:
        """Raise `ValidationError` for a username of several scripts, or a seller's that looks like one of staff."""
        try:
            names.refuse_username(self.username)
            if not self.is_staff:
                staff = User.objects.filter(is_staff=True).exclude(pk=self.pk)
                names.refuse_lookalike(self.username, staff.values_list("username", flat=True))
        except ValidationError as error:
            raise ValidationError({"username": error}) from error

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


class ApiClient(models.Model):
    """A program of a seller, with its secrets and where it may be used from. Its user names it in entries and trails.

    Networks and end never change: access tokens carry them, so that no request asks the database for them.
    """

    user = models.OneToOneField(User, on_delete=models.PROTECT, primary_key=True, related_name="client")
    # In CIDR notation; empty: any.
    allowed_networks = ArrayField(models.CharField(max_length=43), verbose_name=_("networks"), default=list)
    expires_at = models.DateTimeField(_("expires at"), null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("created by"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    # SHA-256 of the secret, and until it ends of the one before (docs/adr/0027).
    secret_hash = models.BinaryField(max_length=32)
    former_secret_hash = models.BinaryField(max_length=32, null=True)
    former_secret_ends_at = models.DateTimeField(null=True)

    database_privileges = "SELECT, INSERT, UPDATE (secret_hash, former_secret_hash, former_secret_ends_at)"

    class Meta:
        ordering = ("-user_id",)
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")
        constraints = (
            models.CheckConstraint(
                name="api_client_former_secret_ends",
                condition=Q(former_secret_hash__isnull=True, former_secret_ends_at__isnull=True)
                | Q(former_secret_hash__isnull=False, former_secret_ends_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.user.first_name

    @property
    def is_expired(self) -> bool:
        """It gets no more tokens, and those it has have ended."""
        return self.expires_at is not None and self.expires_at <= timezone.now()


class Session(models.Model):
    """One login: the family of refresh tokens that descend from it, of which only the newest may be used."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="sessions", db_index=False, verbose_name=_("user")
    )
    refresh_jti = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"), db_index=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    second_factor_at = models.DateTimeField(_("second factor given at"), null=True, blank=True)

    citus_place = "every node"  # the caller of a sale is checked where its seller's shard is

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        # The last logins of a user, however many there were. In place of the foreign key's own index.
        indexes = (models.Index(fields=("user", "id"), name="session_by_user"),)

    def __str__(self) -> str:
        return f"{self.user_id} since {self.created_at:%Y-%m-%d %H:%M}"


class BackOfficeSession(AbstractBaseSession):
    """One login to the back office, by its cookie; a row of Django's sessions that knows its user."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, related_name="back_office_sessions", verbose_name=_("user")
    )
    began_at = models.DateTimeField(_("created at"), null=True)
    address = models.GenericIPAddressField(_("from where"), null=True)

    @classmethod
    def get_session_store_class(cls) -> "type[SessionStore]":
        """Return the class that keeps these rows."""
        store: type[SessionStore] = import_module(settings.SESSION_ENGINE).SessionStore
        return store


class LoginOrigin(models.Model):  # noqa: DJ008  (no page shows it)
    """A network from which a user has logged in at any door: guesses from elsewhere do not lock the user out there."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="login_origins")
    network = models.CharField(max_length=64)
    last_login_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "network"), name="login_origin_unique"),)


class RefusedLogins(models.Model):  # noqa: DJ008  (no page shows it)
    """A count of refused logins in one window: of one member of staff, or of all other names (no user).

    One window may have several counts, so that no login waits for the lock of another (`sessions.refused_logins`).
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    ends_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)


class AuditAction(models.TextChoices):
    """The steps that the audit trail records."""

    LOG_IN = "log in", _("log in")
    LOG_IN_REFUSED = "log in refused", _("log in refused")
    LOG_OUT = "log out", _("log out")
    ADD = "add", _("add")
    CHANGE = "change", _("change")
    DEACTIVATE = "deactivate", _("deactivate")
    END_SESSIONS = "end sessions", _("end sessions")
    SET_PASSWORD = "set password", _("set password")
    ENROL = "enrol second factor", _("enrol second factor")
    RESET_SECOND_FACTOR = "reset second factor", _("reset second factor")
    ROTATE_SECRET = "rotate secret", _("rotate secret")
    VERIFY = "verify", _("verify")
    SUSPEND = "suspend", _("suspend")
    REACTIVATE = "reactivate", _("reactivate")
    APPROVE_FIRST = "approve first", _("approve first, of two")
    APPROVE = "approve", _("approve")
    REJECT = "reject", _("reject")
    REVERSE = "reverse", _("reverse")
    RESOLVE = "resolve", _("resolve")
    PROPOSE = "propose", _("propose")
    RECONCILE = "reconcile", _("reconcile")
    RECONCILE_ALL = "reconcile all", _("reconcile all")
    EXPORT_LEDGER = "export ledger", _("export ledger")
    LOAD_HISTORY = "load history", _("load history")


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
    # Filled in by the database, as are `id` and `at`; see docs/ledger.md.
    sequence = models.BigIntegerField(editable=False)
    line_hash = models.BinaryField(max_length=32, editable=False)

    database_privileges = "SELECT, INSERT"

    class Meta:
        ordering = ("-id",)
        verbose_name = _("audit event")
        verbose_name_plural = _("audit trail")
        indexes = (
            models.Index(fields=("subject", "subject_id", "id"), name="audit_by_subject"),
            models.Index(fields=("actor", "id"), name="audit_by_actor"),
            models.Index(fields=("request_id",), name="audit_by_request"),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.subject_name}".strip()


class AuditHead(models.Model):
    """The newest line of each actor in the audit trail: the lock under which the database adds the next one."""

    actor = models.UUIDField(primary_key=True)  # zero: the lines without an actor
    sequence = models.BigIntegerField()
    line_hash = models.BinaryField(max_length=32)

    database_privileges = "SELECT"

    def __str__(self) -> str:
        return f"{self.actor} up to #{self.sequence}"


PROPOSALS_LAST = timedelta(days=1)


class Proposal(models.Model):
    """A step that one user has proposed and another must confirm. PostgreSQL lets only the confirmation be added."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    action = models.CharField(_("action"), max_length=64)
    subject = models.CharField(_("kind"), max_length=64)
    subject_id = models.CharField(_("its id"), max_length=64)
    subject_name = models.CharField(_("of what"), max_length=200)
    terms = models.CharField(_("terms"), max_length=1_000)  # equal if two users mean the same
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by"))
    proposed_at = models.DateTimeField(_("proposed at"), auto_now_add=True)
    confirmed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("confirmed by")
    )
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)

    database_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        ordering = ("-id",)
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        constraints = (
            models.CheckConstraint(
                name="proposal_two_differ",
                condition=Q(confirmed_by__isnull=True, confirmed_at__isnull=True)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False) & ~Q(confirmed_by=models.F("proposed_by")),
            ),
        )
        indexes = (models.Index(fields=("subject_id", "action"), name="proposal_by_subject"),)

    def __str__(self) -> str:
        return f"{self.action} {self.subject_name}"

    @property
    def expires_at(self) -> datetime:
        """The moment after which the step must be proposed again."""
        return self.proposed_at + PROPOSALS_LAST

    @property
    def is_open(self) -> bool:
        """Another user can still confirm it."""
        return self.confirmed_at is None and timezone.now() < self.expires_at
