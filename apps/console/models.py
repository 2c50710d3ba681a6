"""Tables of the back office itself."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User


class SavedView(models.Model):
    """A list with filters that a user has given a name."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    page = models.CharField(max_length=64)  # such as transactions_ledgerentry
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=2_000)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("user", "page", "name"), name="saved_view_unique"),)

    def __str__(self) -> str:
        return self.name
