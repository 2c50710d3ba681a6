"""The few credits and reversals of one seller, in order. Sales are not in it, so they do not pay for it.

Built beside the sales that go on; if it fails, drop it and migrate again.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("transactions", "0014_names_for_people")]

    operations = [
        AddIndexConcurrently(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("type", "charge_sale"), _negated=True),
                fields=["seller", "type", "id"],
                name="entry_rare_types_of_seller",
            ),
        ),
    ]
