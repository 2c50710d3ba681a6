"""Sums over the ledger that the back office shows, kept beside it so that no page adds up millions of entries."""

from django.db import models

from apps.accounts.models import Seller
from apps.core.values.money import MAX_BALANCE_DIGITS
from apps.transactions.models.ledger import EntryType


class HourlyTotal(models.Model):
    """Number and amount of all entries of one type in one hour; `totals.summaries` writes it."""

    hour = models.DateTimeField()
    type = models.CharField(max_length=16, choices=EntryType)
    entries = models.BigIntegerField()
    amount = models.DecimalField(max_digits=MAX_BALANCE_DIGITS, decimal_places=2)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("hour", "type"), name="hourly_total_unique"),)

    def __str__(self) -> str:
        return f"{self.type} in {self.hour}"


class DailyTotal(models.Model):
    """Number and amount of a seller's entries of one type on one business day; `totals.summaries` writes it."""

    day = models.DateField()
    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="+", db_index=False)
    type = models.CharField(max_length=16, choices=EntryType)
    entries = models.BigIntegerField()
    amount = models.DecimalField(max_digits=MAX_BALANCE_DIGITS, decimal_places=2)

    citus_place = "seller"

    class Meta:
        constraints = (models.UniqueConstraint(fields=("day", "type", "seller"), name="daily_total_unique"),)
        # The days of one seller. Batches of `totals.summaries` pay for it, charges do not.
        indexes = (models.Index(fields=("seller", "-day"), name="daily_total_by_seller"),)

    def __str__(self) -> str:
        return f"{self.type} of {self.seller_id} on {self.day}"


class SummaryMark(models.Model):
    """The last ledger entry that the totals contain: one row, whose lock admits one writer at a time."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    last_entry = models.UUIDField()

    citus_place = "coordinator"  # in one commit with the nodes, as the head of events is

    def __str__(self) -> str:
        return str(self.last_entry)


class RefusalCount(models.Model):
    """Number of charges refused for one reason on one business day, spread over several rows so that none is hot."""

    day = models.DateField()
    code = models.CharField(max_length=64)
    slot = models.SmallIntegerField()
    number = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("day", "code", "slot"), name="refusal_count_unique"),)

    def __str__(self) -> str:
        return f"{self.code} on {self.day}"
