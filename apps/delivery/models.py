"""Mobile operators, the delivery of each charge that one of them makes, and every attempt at it."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Seller, User
from apps.core.values.ids import uuid7
from apps.core.values.money import MAX_BALANCE_DIGITS
from apps.transactions.models import LedgerEntry

CODE = r"^[a-z0-9][a-z0-9_-]{0,31}$"
# Only variables of this prefix are read as secrets: a form must not be able to send another secret to an address.
SECRET_PREFIX = "OPERATOR_SECRET_"  # noqa: S105  (a prefix of names)


class Operator(models.Model):
    """A mobile operator, what it sells, and how it is called."""

    code = models.CharField(_("code"), max_length=32, primary_key=True, validators=[RegexValidator(CODE)])
    name = models.CharField(_("name"), max_length=100)
    # Names of this operator in the data of libphonenumber, by which numbers are guessed.
    carrier_names = ArrayField(
        models.CharField(max_length=100), verbose_name=_("carrier names"), default=list, blank=True
    )
    min_amount = models.DecimalField(
        _("smallest amount"), max_digits=MAX_BALANCE_DIGITS, decimal_places=2, null=True, blank=True
    )
    max_amount = models.DecimalField(
        _("largest amount"), max_digits=MAX_BALANCE_DIGITS, decimal_places=2, null=True, blank=True
    )
    amounts = ArrayField(
        models.DecimalField(max_digits=MAX_BALANCE_DIGITS, decimal_places=2),
        verbose_name=_("fixed amounts"), default=list, blank=True,
    )  # fmt: skip
    adapter = models.CharField(_("adapter"), max_length=32, default="http_json")
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    secret_variable = models.CharField(
        _("variable of the secret"),
        max_length=64,
        blank=True,
        validators=[RegexValidator(rf"^{SECRET_PREFIX}[A-Z0-9_]+$")],
        help_text=_("An environment variable that begins with OPERATOR_SECRET_. The secret itself is not kept here."),
    )
    max_in_flight = models.PositiveSmallIntegerField(_("calls at a time"), default=8)
    is_open = models.BooleanField(_("open for charges"), default=True)
    changed_at = models.DateTimeField(_("changed at"), auto_now=True)

    database_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        ordering = ("code",)
        verbose_name = _("operator")
        verbose_name_plural = _("operators")
        constraints = (
            models.CheckConstraint(name="operator_code_plain", condition=Q(code__regex=CODE)),
            models.CheckConstraint(
                name="operator_range_whole",
                condition=Q(min_amount__isnull=True, max_amount__isnull=True)
                | Q(min_amount__gt=0, max_amount__gte=F("min_amount")),
                violation_error_message=_("Give both ends of the range, the smaller first."),
            ),
            models.CheckConstraint(
                name="operator_sells_something",
                condition=Q(min_amount__isnull=False) | ~Q(amounts=[]),
                violation_error_message=_("Give a range or fixed amounts."),
            ),
            models.CheckConstraint(name="operator_called", condition=Q(max_in_flight__gte=1)),
            models.CheckConstraint(
                name="operator_secret_by_prefix",
                condition=Q(secret_variable="") | Q(secret_variable__regex=rf"^{SECRET_PREFIX}[A-Z0-9_]+$"),
            ),
        )

    def __str__(self) -> str:
        return self.name


class NumberRange(models.Model):
    """A range of phone numbers that stands above what libphonenumber knows."""

    prefix = models.CharField(
        _("beginning"), max_length=15, unique=True, validators=[RegexValidator(r"^\+[0-9]{2,14}$")]
    )
    operator = models.ForeignKey(Operator, on_delete=models.PROTECT, related_name="ranges", verbose_name=_("operator"))

    class Meta:
        ordering = ("prefix",)
        verbose_name = _("number range")
        verbose_name_plural = _("number ranges")
        constraints = (models.CheckConstraint(name="number_range_e164", condition=Q(prefix__regex=r"^\+[0-9]{2,14}$")),)

    def __str__(self) -> str:
        return self.prefix


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


class BookComparison(models.Model):
    """A comparison of one business day's deliveries with an operator's own book. Only added."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    operator = models.ForeignKey(Operator, on_delete=models.PROTECT, related_name="+", verbose_name=_("operator"))
    day = models.DateField(_("day"))
    at = models.DateTimeField(_("time"), db_default=Now(), editable=False)
    file_name = models.CharField(_("file"), max_length=200)
    file_sha256 = models.CharField(_("digest of the file"), max_length=64)
    rows = models.PositiveIntegerField(_("rows of the operator"))
    agreeing = models.PositiveIntegerField(_("agreeing"))
    open_here = models.PositiveIntegerField(_("not settled here"))
    discrepancies = models.PositiveIntegerField(_("discrepancies"))

    database_privileges = "SELECT, INSERT"

    class Meta:
        ordering = ("-id",)
        verbose_name = _("comparison of books")
        verbose_name_plural = _("comparisons of books")
        indexes = (models.Index(fields=("operator", "id"), name="book_comparison_by_operator"),)

    def __str__(self) -> str:
        return f"{self.operator_id} {self.day}"


class BookDiscrepancy(models.Model):
    """One charge that an operator's book tells otherwise. Only added."""

    class Kind(models.TextChoices):
        MISSING_HERE = "missing_here", _("Missing here")
        MISSING_THERE = "missing_there", _("Missing there")
        OTHER_AMOUNT = "other_amount", _("Other amount")
        OTHER_OUTCOME = "other_outcome", _("Other outcome")
        REPEATED_THERE = "repeated_there", _("More than once there")

    comparison = models.ForeignKey(BookComparison, on_delete=models.PROTECT, related_name="found")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    reference = models.CharField(_("reference"), max_length=64)
    here = models.CharField(_("here"), max_length=64, blank=True)
    there = models.CharField(_("there"), max_length=64, blank=True)

    database_privileges = "SELECT, INSERT"

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"
