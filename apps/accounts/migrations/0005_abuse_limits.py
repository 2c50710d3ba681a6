"""A seller's own limits, and where a login came from.

Adds columns that are empty or have a constant default: each table is locked for a moment and not rewritten, and the
release before this one goes on working.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_audit_actions"),
    ]

    operations = [
        migrations.AddField(
            model_name="seller",
            name="charges_per_minute",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="charges a minute"),
        ),
        migrations.AddField(
            model_name="seller",
            name="requests_per_minute",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="other requests a minute"),
        ),
        migrations.AddField(
            model_name="session",
            name="network",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
    ]
