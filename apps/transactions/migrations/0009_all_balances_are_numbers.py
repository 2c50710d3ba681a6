"""Read every entry once to see that none has NaN.

Locks: SHARE UPDATE EXCLUSIVE on the ledger meanwhile; reads and writes go on.
"""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("transactions", "0008_balances_are_numbers")]

    operations = [ValidateConstraint("ledgerentry", "entry_balances_are_numbers")]
