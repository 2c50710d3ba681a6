"""Mobile operators, what they sell, and the numbers that they serve."""

from decimal import ROUND_HALF_UP, Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Seller
from apps.core.values.ids import uuid7
from apps.core.values.money import MAX_AMOUNT, MAX_BALANCE_DIGITS

CENT = Decimal("0.01")
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


class PriceTerms(models.Model):
    """The price of charges at an operator, for one seller or for all, from a business day on.

    Only added: the newest count. A seller's own terms stand above those of all. Without terms the price is the face
    value.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    operator = models.ForeignKey(Operator, on_delete=models.PROTECT, related_name="terms", verbose_name=_("operator"))
    seller = models.ForeignKey(
        Seller,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("seller"),
        help_text=_("Empty: all sellers that have no terms of their own."),
    )
    effective_from = models.DateField(_("effective from"))
    discount_percent = models.DecimalField(_("discount in percent"), max_digits=5, decimal_places=2, default=Decimal(0))
    fee = models.DecimalField(_("fee"), max_digits=MAX_BALANCE_DIGITS, decimal_places=2, default=Decimal(0))

    database_privileges = "SELECT, INSERT"

    class Meta:
        ordering = ("-id",)
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints = (
            models.CheckConstraint(
                name="terms_discount_below_all",
                condition=Q(discount_percent__gte=0, discount_percent__lt=100),
                violation_error_message=_("The discount must be at least 0 and below 100."),
            ),
            models.CheckConstraint(
                name="terms_fee_not_negative",
                condition=Q(fee__gte=0, fee__lte=MAX_AMOUNT),
                violation_error_message=_("The fee must not be negative."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.operator_id} {self.effective_from} -{self.discount_percent}% +{self.fee}"

    def price_of(self, face_value: Decimal) -> Decimal:
        """Return what a charge of `face_value` costs; a price is never nothing."""
        price = face_value * (100 - self.discount_percent) / 100 + self.fee
        return max(price.quantize(CENT, ROUND_HALF_UP), CENT)


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
