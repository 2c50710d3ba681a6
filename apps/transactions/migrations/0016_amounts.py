"""Index the last filter of lists of entries: amounts, of one seller and of all.

Built beside the sales that go on; if one fails, drop it and migrate again.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("transactions", "0015_rare_types_of_seller")]

    operations = [
        AddIndexConcurrently(
            model_name="ledgerentry", index=models.Index(fields=["amount", "id"], name="entry_by_amount")
        ),
        AddIndexConcurrently(
            model_name="ledgerentry", index=models.Index(fields=["seller", "amount"], name="entry_by_seller_amount")
        ),
    ]
