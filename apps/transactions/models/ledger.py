"""The wallet of each seller, which is the row that is locked, and the ledger, whose rows are only added."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Seller, User
from apps.core.values.money import MAX_BALANCE, MAX_BALANCE_DIGITS, ZERO

WALLET_ACCOUNT_PREFIX = "wallet:"
FUNDING_ACCOUNT = "platform:funding"
SALES_ACCOUNT = "platform:charge_sales"
# Of a sale that a mobile operator delivers (`apps.delivery`).
DELIVERY_STATUSES = ("pending", "submitted", "delivered", "failed", "unknown")
SETTLED_DELIVERIES = ("delivered", "failed")


def wallet_account(seller_id: object) -> str:
    """Return the name of the ledger account of a seller's wallet."""
    return f"{WALLET_ACCOUNT_PREFIX}{seller_id}"


class Wallet(models.Model):
    """The balance of a seller. The database opens it with the seller; only `ledger.write` changes it.

    A narrow row of its own, so that saving a seller's profile never overwrites a balance.
    No column that changes is indexed and pages are left half empty, so that updates stay on their page (HOT).
    """

    seller = models.OneToOneField(
        Seller, on_delete=models.PROTECT, primary_key=True, related_name="wallet", verbose_name=_("seller")
    )
    balance = models.DecimalField(_("balance"), max_digits=MAX_BALANCE_DIGITS, decimal_places=2, default=ZERO)
    sequence = models.BigIntegerField(_("sequence"), default=0)
    last_entry_at = models.DateTimeField(null=True)
    spent_on = models.DateField(_("last day of sales"), null=True)
    spent_today = models.DecimalField(
        _("spent that day"), max_digits=MAX_BALANCE_DIGITS, decimal_places=2, default=ZERO
    )

    # Whether the seller was told last that its balance is below its alert (`ledger.alerts`).
    is_low = models.BooleanField(default=False, db_default=False)

    database_privileges = "SELECT, UPDATE"
    citus_place = "seller"

    class Meta:
        verbose_name = _("wallet")
        verbose_name_plural = _("wallets")
        constraints = (
            models.CheckConstraint(name="wallet_balance_not_negative", condition=Q(balance__gte=0)),
            models.CheckConstraint(name="wallet_sequence_not_negative", condition=Q(sequence__gte=0)),
            models.CheckConstraint(name="wallet_spent_not_negative", condition=Q(spent_today__gte=0)),
        )

    def __str__(self) -> str:
        return wallet_account(self.pk)


class EntryType(models.TextChoices):
    """The reasons for which a balance changes."""

    CREDIT_INCREASE = "credit_increase", _("Credit increase")
    CHARGE_SALE = "charge_sale", _("Charge sale")
    REVERSAL = "reversal", _("Reversal")


# The wallet's account as an SQL expression, for constraints.
_WALLET = Concat(Value(WALLET_ACCOUNT_PREFIX), Cast("seller_id", models.CharField()))
_CREDITS_WALLET = Q(credit_account=_WALLET, balance_after=F("balance_before") + F("amount"))
_DEBITS_WALLET = Q(debit_account=_WALLET, balance_after=F("balance_before") - F("amount"))


class LedgerEntry(models.Model):
    """One movement of money, with both legs of a double entry, numbered without gaps within its seller.

    `amount` moves from `credit_account` to `debit_account` in the accountant's sense; one of the two is the wallet.
    A wallet is what the platform owes a seller, so a credit to it raises the balance and a debit lowers it.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    seller = models.ForeignKey(
        Seller, on_delete=models.PROTECT, related_name="entries", db_index=False, verbose_name=_("seller")
    )
    sequence = models.BigIntegerField(_("sequence"))
    type = models.CharField(_("type"), max_length=16, choices=EntryType)
    amount = models.DecimalField(_("amount"), max_digits=MAX_BALANCE_DIGITS, decimal_places=2)
    balance_before = models.DecimalField(max_digits=MAX_BALANCE_DIGITS, decimal_places=2)
    balance_after = models.DecimalField(max_digits=MAX_BALANCE_DIGITS, decimal_places=2)
    debit_account = models.CharField(_("debit account"), max_length=64)
    credit_account = models.CharField(_("credit account"), max_length=64)
    phone_number = models.CharField(_("phone number"), max_length=16, blank=True)
    idempotency_key = models.CharField(_("idempotency key"), max_length=255, blank=True)
    # The request lives in an app above this one, so its foreign key is added by a migration there.
    credit_request_id = models.UUIDField(null=True, blank=True)
    reverses = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversals", db_index=False
    )
    description = models.CharField(_("description"), max_length=500, blank=True)
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created at"))
    # Filled in by the database; see docs/ledger.md.
    entry_hash = models.BinaryField(max_length=32, editable=False)
    # The code of the mobile operator that delivers this sale ("": none). The database makes its delivery.
    operator = models.CharField(_("operator"), max_length=32, blank=True, default="", db_default="")
    # What the operator delivers, where the seller pays another price, the amount; null: the two are equal.
    face_value = models.DecimalField(
        _("face value"), max_digits=MAX_BALANCE_DIGITS, decimal_places=2, null=True, blank=True
    )

    database_privileges = "SELECT, INSERT"
    citus_place = "seller"

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("seller", "sequence"), name="entry_sequence_unique"),
            models.UniqueConstraint(
                fields=("seller", "idempotency_key"), condition=~Q(idempotency_key=""), name="entry_key_unique"
            ),
            models.UniqueConstraint(
                fields=("seller", "credit_request_id"),
                condition=Q(credit_request_id__isnull=False),
                name="entry_credit_request_unique",
            ),
            models.UniqueConstraint(
                fields=("seller", "reverses"), condition=Q(reverses__isnull=False), name="entry_reverses_unique"
            ),
            models.CheckConstraint(name="entry_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="entry_sequence_positive", condition=Q(sequence__gt=0)),
            models.CheckConstraint(
                name="entry_balances_not_negative", condition=Q(balance_before__gte=0, balance_after__gte=0)
            ),
            # NaN, which PostgreSQL takes for more than any number, would pass all the others.
            models.CheckConstraint(
                name="entry_balances_are_numbers",
                condition=Q(balance_before__lte=MAX_BALANCE, balance_after__lte=MAX_BALANCE),
            ),
            models.CheckConstraint(name="entry_accounts_differ", condition=~Q(debit_account=F("credit_account"))),
            models.CheckConstraint(name="entry_moves_its_wallet", condition=_CREDITS_WALLET | _DEBITS_WALLET),
            models.CheckConstraint(
                name="entry_fits_its_type",
                condition=Q(
                    type=EntryType.CREDIT_INCREASE,
                    debit_account=FUNDING_ACCOUNT,
                    credit_request_id__isnull=False,
                    reverses__isnull=True,
                    phone_number="",
                )
                | Q(
                    type=EntryType.CHARGE_SALE,
                    credit_account=SALES_ACCOUNT,
                    credit_request_id__isnull=True,
                    reverses__isnull=True,
                    phone_number__regex=r"^\+[0-9]{4,15}$",
                )
                | Q(type=EntryType.REVERSAL, credit_request_id__isnull=True, reverses__isnull=False, phone_number=""),
            ),
            models.CheckConstraint(
                name="entry_operator_only_of_sale",
                condition=Q(operator="") | Q(type=EntryType.CHARGE_SALE, operator__regex=r"^[a-z0-9][a-z0-9_-]{0,31}$"),
            ),
            models.CheckConstraint(
                name="entry_face_value_only_of_delivery",
                condition=Q(face_value__isnull=True)
                | (Q(face_value__gt=0, face_value__lte=MAX_BALANCE) & ~Q(face_value=F("amount")) & ~Q(operator="")),
            ),
        )
        indexes = (
            models.Index(fields=("seller", "id"), name="entry_by_seller"),
            models.Index(
                fields=("seller", "phone_number"), condition=~Q(phone_number=""), name="entry_by_seller_phone"
            ),
            models.Index(fields=("phone_number", "id"), condition=~Q(phone_number=""), name="entry_by_phone"),
            models.Index(fields=("amount", "id"), name="entry_by_amount"),
            models.Index(fields=("seller", "amount"), name="entry_by_seller_amount"),
            # Credits and reversals are few among many sales; a list of them must not walk past all of these.
            models.Index(fields=("type", "id"), condition=~Q(type="charge_sale"), name="entry_rare_types"),
            models.Index(
                fields=("seller", "type", "id"), condition=~Q(type="charge_sale"), name="entry_rare_types_of_seller"
            ),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.amount} #{self.sequence}"

    @property
    def worth(self) -> Decimal:
        """What arrives at the phone: the face value of a sale, whatever its price."""
        return self.amount if self.face_value is None else self.face_value
