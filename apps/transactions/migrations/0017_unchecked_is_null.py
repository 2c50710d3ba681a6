"""Let a reconciliation leave open what it did not check; what claims to agree has checked everything.

Locks: ACCESS EXCLUSIVE on the short table of runs for an instant.
"""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("transactions", "0016_amounts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="reconciliationrun",
            name="chain_verified",
            field=models.BooleanField(null=True, verbose_name="chain verified"),
        ),
        migrations.AlterField(
            model_name="reconciliationrun",
            name="is_reconciled",
            field=models.BooleanField(null=True, verbose_name="verdict"),
        ),
        migrations.AlterField(
            model_name="reconciliationrun",
            name="trial_balance_total",
            field=models.DecimalField(decimal_places=2, max_digits=26, null=True, verbose_name="trial balance"),
        ),
        migrations.AddConstraint(
            model_name="reconciliationrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_reconciled__isnull", True),
                    ("is_reconciled", False),
                    models.Q(
                        ("chain_verified", True),
                        ("chain_verified__isnull", False),
                        ("discrepancies", 0),
                        ("trial_balance_total", 0),
                        ("trial_balance_total__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="run_agrees_on_all_it_claims",
            ),
        ),
    ]
