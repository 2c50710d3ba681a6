"""A seller's own switch that refuses its charges without an Idempotency-Key.

Adds a column with a constant default: the table of sellers is locked for a moment (ACCESS EXCLUSIVE) and not
rewritten, and the release before this one goes on working.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_audit_chain")]

    operations = [
        migrations.AddField(
            model_name="seller",
            name="require_idempotency_key",
            field=models.BooleanField(db_default=False, default=False, verbose_name="charges need a key"),
        ),
    ]
