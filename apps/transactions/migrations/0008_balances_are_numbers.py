"""Refuse NaN, which PostgreSQL takes for more than any number, so that it passes every other check.

Locks: ACCESS EXCLUSIVE on the ledger for an instant. The entries that were there before are judged by the next one.
"""

from decimal import Decimal

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations
from django.db.models import CheckConstraint, Q

MOST = Decimal("999999999999999999.99")


class Migration(migrations.Migration):
    dependencies = [("transactions", "0007_reconciliation_checkpoint")]

    operations = [
        AddConstraintNotValid(
            "ledgerentry",
            CheckConstraint(
                name="entry_balances_are_numbers", condition=Q(balance_before__lte=MOST, balance_after__lte=MOST)
            ),
        ),
    ]
