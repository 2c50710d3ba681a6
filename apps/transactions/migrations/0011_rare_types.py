"""An index of the few credits and reversals. Built beside the sales that go on; if it fails, drop it and migrate again."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("transactions", "0010_totals_and_runs")]

    operations = [
        AddIndexConcurrently(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("type", "charge_sale"), _negated=True),
                fields=["type", "id"],
                name="entry_rare_types",
            ),
        ),
    ]
