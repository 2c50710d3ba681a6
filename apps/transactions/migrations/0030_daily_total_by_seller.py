"""The daily totals of one seller, for its timeline and for the sums above a filtered list.

Built beside the batches that go on; if it fails, drop it and migrate again.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("transactions", "0021_write_entries")]

    operations = [
        AddIndexConcurrently("dailytotal", models.Index(fields=["seller", "-day"], name="daily_total_by_seller")),
    ]
