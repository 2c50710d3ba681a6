"""Comparisons with the books of operators."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.core.values.ids import uuid7
from apps.delivery.models.operators import Operator


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
