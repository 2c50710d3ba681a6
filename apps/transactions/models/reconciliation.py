"""Reconciliations: their verdicts, and the point up to which each seller was compared."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Seller, User
from apps.core.values.ids import uuid7
from apps.core.values.money import MAX_BALANCE_DIGITS
from apps.transactions.models.ledger import wallet_account


class ReconciliationCheckpoint(models.Model):
    """The entry up to which a seller was reconciled; the next incremental run reads only the entries after it."""

    seller = models.OneToOneField(Seller, on_delete=models.CASCADE, primary_key=True, related_name="+")
    sequence = models.BigIntegerField()
    balance = models.DecimalField(max_digits=MAX_BALANCE_DIGITS, decimal_places=2)
    made_at = models.DateTimeField(auto_now=True)

    citus_place = "seller"

    def __str__(self) -> str:
        return f"{wallet_account(self.pk)} up to #{self.sequence}"


class ReconciliationRun(models.Model):
    """The verdict of one reconciliation of all sellers; null where the run did not check. Rows are only added."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(_("time"), auto_now_add=True)
    run_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("run by"))
    seconds = models.FloatField(_("seconds"))
    sellers_checked = models.IntegerField(_("sellers checked"))
    discrepancies = models.IntegerField(_("discrepancies"))
    trial_balance_total = models.DecimalField(
        _("trial balance"), max_digits=MAX_BALANCE_DIGITS + 6, decimal_places=2, null=True
    )
    chain_verified = models.BooleanField(_("chain verified"), null=True)
    is_reconciled = models.BooleanField(_("verdict"), null=True)

    database_privileges = "SELECT, INSERT"

    class Meta:
        ordering = ("-id",)
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        constraints = (
            # A comparison with null is null, which a check lets pass: each column is asked for by itself.
            models.CheckConstraint(
                name="run_agrees_on_all_it_claims",
                condition=Q(is_reconciled__isnull=True)
                | Q(is_reconciled=False)
                | Q(
                    discrepancies=0,
                    trial_balance_total__isnull=False,
                    trial_balance_total=0,
                    chain_verified__isnull=False,
                    chain_verified=True,
                ),
            ),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
