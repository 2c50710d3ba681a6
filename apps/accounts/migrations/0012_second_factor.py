"""The moment at which a session gave its second factor, and new actions of the audit trail.

Locks: ACCESS EXCLUSIVE on sessions while an empty column is added, an instant. The trail's table is not changed.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_proposals"),
    ]

    operations = [
        migrations.AlterField(
            model_name="auditevent",
            name="action",
            field=models.CharField(
                choices=[
                    ("log in", "log in"),
                    ("log in refused", "log in refused"),
                    ("log out", "log out"),
                    ("add", "add"),
                    ("change", "change"),
                    ("deactivate", "deactivate"),
                    ("set password", "set password"),
                    ("enrol second factor", "enrol second factor"),
                    ("reset second factor", "reset second factor"),
                    ("verify", "verify"),
                    ("suspend", "suspend"),
                    ("reactivate", "reactivate"),
                    ("approve first", "approve first, of two"),
                    ("approve", "approve"),
                    ("reject", "reject"),
                    ("reverse", "reverse"),
                    ("propose", "propose"),
                    ("reconcile", "reconcile"),
                    ("reconcile all", "reconcile all"),
                    ("export ledger", "export ledger"),
                    ("load history", "load history"),
                ],
                max_length=64,
                verbose_name="action",
            ),
        ),
        migrations.AddField(
            model_name="session",
            name="second_factor_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="second factor given at"),
        ),
    ]
